import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { BatchingTransport } from '../endpoint/batching-transport.ts';
import { Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretTransport } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { Batching } from './batching.ts';

type Outcome = Secret | FetchFailure;

const secretOf = ({ name }: SecretRequest): Secret =>
  new Secret({ name, versionId: 'v1', value: `s3cret-${name}`, dataType: 'text' });

/** A batching transport, and its requests: a name for a single one, a list of names for a batch. */
function setup(
  options: {
    readonly many?: (batch: readonly SecretRequest[]) => readonly (Outcome | undefined)[];
    readonly isForMany?: boolean;
  } = {},
): {
  readonly clock: FakeClock;
  readonly requests: (string | readonly string[])[];
  readonly signals: AbortSignal[];
  readonly read: (names: readonly string[], signal?: AbortSignal) => Promise<readonly string[]>;
  readonly batching: Batching;
  readonly transport: BatchingTransport;
} {
  const { many = (batch) => batch.map(secretOf), isForMany = true } = options;
  const clock = new FakeClock();
  const requests: (string | readonly string[])[] = [];
  const signals: AbortSignal[] = [];
  const batching = new Batching(clock);
  const transport = batching.wrap({
    endpoint: 'kms.test',
    fetch(request) {
      requests.push(request.name);
      return Promise.resolve(secretOf(request));
    },
    ...(isForMany && {
      fetchMany(batch: readonly SecretRequest[], signal: AbortSignal) {
        requests.push(batch.map(({ name }) => name));
        signals.push(signal);
        // A custom transport may leave out items.
        return Promise.resolve().then(() => many(batch) as readonly Outcome[]);
      },
    }),
    close() {},
  });
  const read = (names: readonly string[], signal = new AbortController().signal): Promise<readonly string[]> =>
    batching.during(async () => {
      const reads = names.map((name) =>
        transport.fetch({ name }, signal).then(
          ({ name: fetched }) => fetched,
          (error: Error) => (error instanceof FetchFailure ? error.failure : error.message),
        ),
      );
      await clock.pass(2);
      return Promise.all(reads);
    });
  return { clock, requests, signals, read, batching, transport };
}

const failing =
  (...parameters: ConstructorParameters<typeof FetchFailure>) =>
  (): never => {
    throw new FetchFailure(...parameters);
  };

/** A custom transport that throws synchronously instead of rejecting. */
function throwing(fields: Partial<SecretTransport>): {
  readonly clock: FakeClock;
  readonly read: (...names: string[]) => Promise<string[]>;
} {
  const clock = new FakeClock();
  const batching = new Batching(clock);
  const fetch = (): never => {
    throw new TypeError('synchronous');
  };
  const transport = batching.wrap({ endpoint: 'kms.test', fetch, fetchMany: fetch, close() {}, ...fields });
  const read = (...names: string[]): Promise<string[]> =>
    batching.during(async () => {
      const { signal } = new AbortController();
      const reads = names.map((name) => transport.fetch({ name }, signal).then(({ versionId }) => versionId, String));
      await clock.pass(10);
      return Promise.all(reads);
    });
  return { clock, read };
}

test('sends concurrent fetches as one batch and settles each by its outcome', async () => {
  const { requests, read, clock } = setup({
    many: ([first]) => [secretOf(first ?? { name: '' }), new FetchFailure('denied', 'No.')],
  });

  expect(await read(['a', 'b'])).toEqual(['a', 'denied']);
  expect(requests).toEqual([['a', 'b']]);
  expect(clock.pendingTimers).toBe(0);
});

test('sends a full batch of 20 at once', async () => {
  const names = Array.from({ length: 45 }, (_, index) => `n${index}`);
  const { requests, batching, transport, read } = setup();
  void batching.during(async () => {
    for (const name of names) void transport.fetch({ name }, new AbortController().signal);
  });

  await Promise.resolve();

  expect(requests.map((each) => each.length)).toEqual([20, 20]);
  await read([]);
  expect(requests.map((each) => each.length)).toEqual([20, 20, 5]);
});

test('limits the total length of the names in a batch', async () => {
  const { requests, read } = setup();

  await read(Array.from({ length: 12 }, (_, index) => `${index}`.padEnd(300, 'x')));

  expect(requests.map((each) => each.length)).toEqual([6, 6]);
});

test('does not put one secret in a batch twice, by stage or by ARN', async () => {
  const { requests, read } = setup();

  await read(['a', 'acs:kms:cn-hangzhou:1:secret/a', 'b']);

  expect(requests).toEqual(['a', ['acs:kms:cn-hangzhou:1:secret/a', 'b']]);
});

test('sends a single fetch as a request of its own', async () => {
  const { requests, read } = setup();

  expect(await read(['a'])).toEqual(['a']);
  expect(requests).toEqual(['a']);
});

test('sends single requests without a delay if the transport has no batches', async () => {
  const { requests, read } = setup({ isForMany: false });

  await read(['a', 'b']);

  expect(requests).toEqual(['a', 'b']);
});

test('sends single requests without a delay outside of `during`', async () => {
  const { requests, read, transport } = setup();
  await read([]);

  await transport.fetch({ name: 'a' }, new AbortController().signal);

  expect(requests).toEqual(['a']);
});

test('fetches a missing or malformed item on its own', async () => {
  const { requests, read } = setup({
    many: ([first]) => [secretOf(first ?? { name: '' }), undefined, new FetchFailure('malformed', 'Odd.')],
  });

  expect(await read(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
  expect(requests).toEqual([['a', 'b', 'c'], 'b', 'c']);
});

test.each(['throttled', 'unavailable', 'unreachable', 'untrusted'] as const)(
  'a batch that fails as %s fails every item, without further requests',
  async (failure) => {
    const { requests, read } = setup({ many: failing(failure, 'Outage.') });

    expect(await read(['a', 'b'])).toEqual([failure, failure]);
    expect(requests).toEqual([['a', 'b']]);
  },
);

test.each(['denied', 'notFound', 'rejected', 'malformed'] as const)(
  'after a batch failed as %s, fetches each item on its own',
  async (failure) => {
    const { requests, read } = setup({ many: failing(failure, 'No.', { code: 'Forbidden.NoPermission' }) });

    expect(await read(['a', 'b'])).toEqual(['a', 'b']);
    await read(['c', 'd']);

    expect(requests).toEqual([['a', 'b'], 'a', 'b', ['c', 'd'], 'c', 'd']);
  },
);

test('after a batch was rejected, each fetch waits for a permit of its own', async () => {
  const { requests, transport, batching, clock } = setup({ many: failing('denied', 'No.') });
  const permits: (() => void)[] = [];
  const member = { leaveBatch: (): Promise<void> => new Promise((resolve) => permits.push(resolve)) };
  const { signal } = new AbortController();
  const reads = batching.during(() =>
    Promise.all(['a', 'b'].map((name) => transport.fetch({ name }, signal, member).then((secret) => secret.name))),
  );
  await clock.pass(2);
  expect([requests, permits.length]).toEqual([[['a', 'b']], 2]);

  for (const grant of permits) grant();

  expect(await reads).toEqual(['a', 'b']);
  expect(requests).toEqual([['a', 'b'], 'a', 'b']);
});

test.each(['InvalidAction.NotFound', 'InvalidApi.NotFound'])('sends no more batches after %s', async (code) => {
  const { requests, read } = setup({ many: failing('rejected', 'No.', { code }) });

  expect(await read(['a', 'b'])).toEqual(['a', 'b']);
  await read(['c', 'd']);

  expect(requests).toEqual([['a', 'b'], 'a', 'b', 'c', 'd']);
});

test('announces a batch size of 20 only during a preload, and while the endpoint supports batches', async () => {
  const { batching, read, transport } = setup({
    many: failing('unavailable', 'no such API', { code: 'InvalidAction.NotFound' }),
  });
  const before = transport.batchSize?.();
  const during = await batching.during(async () => Promise.resolve(transport.batchSize?.()));
  const after = transport.batchSize?.();

  await read(['a', 'b']);
  const unsupported = await batching.during(async () => Promise.resolve(transport.batchSize?.()));

  expect([before, during, after, unsupported]).toEqual([1, 20, 1, 1]);
});

test('a cancelled item rejects at once; the batch is aborted with its last item', async () => {
  const { requests, signals, batching, transport, clock } = setup({ many: () => new Promise(() => {}) as never });
  const one = new AbortController();
  const other = new AbortController();
  const outcomes: string[] = [];
  void batching.during(async () => {
    for (const { signal } of [one, other]) {
      const name = `n${outcomes.length}${signal === one.signal ? 'a' : 'b'}`;
      transport.fetch({ name }, signal).catch((error: Error) => outcomes.push(error.message));
    }
  });
  await clock.pass(2);

  one.abort(new Error('one'));
  await Promise.resolve();
  await Promise.resolve();
  expect([outcomes, signals[0]?.aborted]).toEqual([['one'], false]);
  other.abort(new Error('other'));
  await new Promise((resolve) => setImmediate(resolve));

  expect([outcomes, signals[0]?.aborted, requests.length]).toEqual([['one', 'other'], true, 1]);
});

test('sends nothing if all items are cancelled before the flush', async () => {
  const { requests, batching, transport, clock } = setup();
  const controller = new AbortController();
  const reads = batching.during(() => transport.fetch({ name: 'a' }, controller.signal));

  controller.abort(new Error('Enough.'));

  await expect(reads).rejects.toThrow('Enough.');
  expect([clock.pendingTimers, requests]).toEqual([0, []]);
});

test('a cancelled item does not end the wait for further items', async () => {
  const { clock, requests, batching, transport, read } = setup();
  const controller = new AbortController();
  const cancelled = batching.during(async () => {
    const one = transport.fetch({ name: 'a' }, controller.signal).catch(() => 'cancelled');
    const other = transport.fetch({ name: 'b' }, new AbortController().signal);
    controller.abort(new Error('Enough.'));
    await read(['c']);
    await other;
    return one;
  });
  await clock.pass(2);

  expect(await cancelled).toBe('cancelled');
  expect(requests).toEqual([['b', 'c']]);
});

test('starts a new batch after all items were cancelled', async () => {
  const { requests, batching, transport, read } = setup();
  const controller = new AbortController();
  const cancelled = batching.during(() => transport.fetch({ name: 'a' }, controller.signal)).catch(() => 'cancelled');
  controller.abort(new Error('Enough.'));

  expect(await read(['b', 'c'])).toEqual(['b', 'c']);

  expect(await cancelled).toBe('cancelled');
  expect(requests).toEqual([['b', 'c']]);
});

test('fetches each item on its own if the response is not a list', async () => {
  const { requests, read } = setup({ many: () => null as never });

  expect(await read(['a', 'b'])).toEqual(['a', 'b']);
  expect(requests).toEqual([['a', 'b'], 'a', 'b']);
});

test('a synchronous throw of `fetch` rejects the read, not the process', async () => {
  expect(await throwing({}).read('db')).toEqual(['TypeError: synchronous']);
});

test('a synchronous throw for a missing item rejects that item only', async () => {
  let batches = 0;
  const fetchMany = (requests: readonly SecretRequest[]): Promise<Secret[]> => {
    batches += 1;
    return Promise.resolve(requests.map(secretOf).slice(0, 1));
  };

  expect(await throwing({ fetchMany }).read('a', 'b')).toEqual(['v1', 'TypeError: synchronous']);
  expect(batches).toBe(1);
});
