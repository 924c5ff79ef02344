import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest, SecretTransport } from '../ports/transport.ts';
import { Batching } from './batching.ts';

type Outcome = Secret | FetchFailure;

const secretOf = ({ name }: SecretRequest): Secret =>
  new Secret({ name, versionId: 'v1', value: `s3cret-${name}`, dataType: 'text' });

/** A transport that can fetch many, and what it was asked: names by themselves, and those of a batch as a list. */
function stage(
  options: {
    readonly isOn?: boolean;
    readonly many?: (requests: readonly SecretRequest[]) => readonly (Outcome | undefined)[];
    readonly isForMany?: boolean;
  } = {},
): {
  readonly clock: FakeClock;
  readonly asked: (string | readonly string[])[];
  readonly signals: AbortSignal[];
  readonly read: (names: readonly string[], signal?: AbortSignal) => Promise<readonly string[]>;
  readonly batches: Batching;
  readonly transport: SecretTransport;
} {
  const { isOn = true, many = (requests) => requests.map(secretOf), isForMany = true } = options;
  const clock = new FakeClock();
  const asked: (string | readonly string[])[] = [];
  const signals: AbortSignal[] = [];
  const batches = new Batching({ clock, isOn });
  const transport = batches.wrap({
    endpoint: 'kms.test',
    fetch(request) {
      asked.push(request.name);
      return Promise.resolve(secretOf(request));
    },
    ...(isForMany && {
      fetchMany(requests: readonly SecretRequest[], signal: AbortSignal) {
        asked.push(requests.map(({ name }) => name));
        signals.push(signal);
        // What a transport of somebody else's might leave out.
        return Promise.resolve().then(() => many(requests) as readonly Outcome[]);
      },
    }),
    close() {},
  });
  const read = (names: readonly string[], signal = new AbortController().signal): Promise<readonly string[]> =>
    batches.during(async () => {
      const reads = names.map((name) =>
        transport.fetch({ name }, signal).then(
          ({ name: came }) => came,
          (error: Error) => (error instanceof FetchFailure ? error.failure : error.message),
        ),
      );
      await clock.pass(2);
      return Promise.all(reads);
    });
  return { clock, asked, signals, read, batches, transport };
}

const failing =
  (...parameters: ConstructorParameters<typeof FetchFailure>) =>
  (): never => {
    throw new FetchFailure(...parameters);
  };

test('fetches that begin together go together, each with what came of it', async () => {
  const { asked, read, clock } = stage({
    many: ([first]) => [secretOf(first ?? { name: '' }), new FetchFailure('denied', 'No.')],
  });

  expect(await read(['a', 'b'])).toEqual(['a', 'denied']);
  expect(asked).toEqual([['a', 'b']]);
  expect(clock.pending).toBe(0);
});

test('more than twenty go by twenty, without a wait for those that fill a batch', async () => {
  const names = Array.from({ length: 45 }, (_, index) => `n${index}`);
  const { asked, batches, transport, read } = stage();
  void batches.during(async () => {
    for (const name of names) void transport.fetch({ name }, new AbortController().signal);
  });

  await Promise.resolve();

  expect(asked.map((each) => each.length)).toEqual([20, 20]);
  await read([]);
  expect(asked.map((each) => each.length)).toEqual([20, 20, 5]);
});

test('names that are long go by fewer', async () => {
  const { asked, read } = stage();

  await read(Array.from({ length: 12 }, (_, index) => `${index}`.padEnd(300, 'x')));

  expect(asked.map((each) => each.length)).toEqual([6, 6]);
});

test('one secret in two stages, or by two names, does not go with itself', async () => {
  const { asked, read } = stage();

  await read(['a', 'acs:kms:cn-hangzhou:1:secret/a', 'b']);

  expect(asked).toEqual(['a', ['acs:kms:cn-hangzhou:1:secret/a', 'b']]);
});

test('one that begins alone goes alone', async () => {
  const { asked, read } = stage();

  expect(await read(['a'])).toEqual(['a']);
  expect(asked).toEqual(['a']);
});

test.each([
  ['the option is off', { isOn: false }],
  ['the transport fetches one at a time', { isForMany: false }],
])('if %s, each goes alone and at once', async (_, options) => {
  const { asked, read } = stage(options);

  await read(['a', 'b']);

  expect(asked).toEqual(['a', 'b']);
});

test('outside of the work that begins many, each goes alone and at once', async () => {
  const { asked, read, transport } = stage();
  await read([]);

  await transport.fetch({ name: 'a' }, new AbortController().signal);

  expect(asked).toEqual(['a']);
});

test('what a batch says nothing of, or cannot be read in it, is asked for alone', async () => {
  const { asked, read } = stage({
    many: ([first]) => [secretOf(first ?? { name: '' }), undefined, new FetchFailure('malformed', 'Odd.')],
  });

  expect(await read(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
  expect(asked).toEqual([['a', 'b', 'c'], 'b', 'c']);
});

test.each(['throttled', 'unavailable', 'unreachable', 'untrusted'] as const)(
  'a batch that is %s is so for each that was in it, and nobody asks again',
  async (failure) => {
    const { asked, read } = stage({ many: failing(failure, 'Trouble.') });

    expect(await read(['a', 'b'])).toEqual([failure, failure]);
    expect(asked).toEqual([['a', 'b']]);
  },
);

test.each(['denied', 'notFound', 'rejected', 'malformed'] as const)(
  'a batch that is %s as a whole does not say for which, so each is asked for alone; the next goes together again',
  async (failure) => {
    const { asked, read } = stage({ many: failing(failure, 'No.', { code: 'Forbidden.NoPermission' }) });

    expect(await read(['a', 'b'])).toEqual(['a', 'b']);
    await read(['c', 'd']);

    expect(asked).toEqual([['a', 'b'], 'a', 'b', ['c', 'd'], 'c', 'd']);
  },
);

test.each(['InvalidAction.NotFound', 'InvalidApi.NotFound'])(
  'an endpoint that answers %s does not know how, and is not asked again',
  async (code) => {
    const { asked, read } = stage({ many: failing('rejected', 'No.', { code }) });

    expect(await read(['a', 'b'])).toEqual(['a', 'b']);
    await read(['c', 'd']);

    expect(asked).toEqual([['a', 'b'], 'a', 'b', 'c', 'd']);
  },
);

test('who leaves, leaves at once and alone; a batch that nobody waits for any more is given up', async () => {
  const { asked, signals, batches, transport, clock } = stage({ many: () => new Promise(() => {}) as never });
  const [one, other] = [new AbortController(), new AbortController()];
  const outcomes: string[] = [];
  void batches.during(async () => {
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

  expect([outcomes, signals[0]?.aborted, asked.length]).toEqual([['one', 'other'], true, 1]);
});

test('when all have left before the batch has gone, nothing is asked and no timer is left', async () => {
  const { asked, batches, transport, clock } = stage();
  const leaving = new AbortController();
  const reads = batches.during(() => transport.fetch({ name: 'a' }, leaving.signal));

  leaving.abort(new Error('Enough.'));

  await expect(reads).rejects.toThrow('Enough.');
  expect([clock.pending, asked]).toEqual([0, []]);
});

test('who comes after all have left waits no longer than anybody', async () => {
  const { asked, batches, transport, read } = stage();
  const leaving = new AbortController();
  const left = batches.during(() => transport.fetch({ name: 'a' }, leaving.signal)).catch(() => 'left');
  leaving.abort(new Error('Enough.'));

  expect(await read(['b', 'c'])).toEqual(['b', 'c']);

  expect(await left).toBe('left');
  expect(asked).toEqual([['b', 'c']]);
});

test('a transport that answers a batch with something else than a list is asked for each alone', async () => {
  const { asked, read } = stage({ many: () => null as never });

  expect(await read(['a', 'b'])).toEqual(['a', 'b']);
  expect(asked).toEqual([['a', 'b'], 'a', 'b']);
});

test('the way to the endpoint is measured as without batches, and can be left out', async () => {
  const batches = new Batching({ clock: new FakeClock(), isOn: true });
  const fetchMany = (): Promise<readonly Outcome[]> => Promise.resolve([]);
  const given = {
    endpoint: 'kms.test',
    fetch: (request: SecretRequest) => Promise.resolve(secretOf(request)),
    close() {},
  };
  const { signal } = new AbortController();

  const measured = batches.wrap({ ...given, fetchMany, connectTime: () => Promise.resolve(7) });
  const unmeasured = batches.wrap({ ...given, fetchMany });

  expect(await measured.connectTime?.(signal)).toBe(7);
  expect(await unmeasured.connectTime?.(signal)).toBeUndefined();
});
