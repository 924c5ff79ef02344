import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { isSecretError } from '../secret/errors.ts';
import { Secret } from '../secret/secret.ts';
import { setUpWarmClient } from './client.fixture.ts';
import type { ClientFixture } from './client.fixture.ts';

const fail = (): never => {
  throw new TypeError('s3cret-trap');
};

/** A proxy of which every use throws. */
function throwingProxy(target: object): object {
  const traps = ['get', 'has', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'ownKeys', 'set', 'defineProperty'];
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, fail])));
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** An object of whose fields each getter throws. */
function withThrowingGetters(target: object): object {
  // The stack first: V8 formats it on the first access, from the name and the message.
  for (const name of ['stack', 'message', 'name', 'code', 'failure', 'status', 'requestId', 'retryAfter', 'cause']) {
    Object.defineProperty(target, name, { get: fail, configurable: true });
  }
  return target;
}

class ThrowingFailure extends FetchFailure {
  constructor() {
    super('throttled', 'KMS is busy.');
    Object.defineProperty(this, 'retryAfter', { get: fail });
  }
}

function unknownFailure(name: unknown): Error {
  return Object.assign(new FetchFailure('throttled', 's3cret-message'), { failure: name });
}

/** By name: a test runner reads the arguments of a test. */
const thrown: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['undefined', undefined],
  ['null', null],
  ['a string', 's3cret-text'],
  ['a number', 42],
  ['a symbol', Symbol('s3cret')],
  ['a function', fail],
  ['an object without a prototype', Object.create(null)],
  ['a frozen error', Object.freeze(new Error('s3cret'))],
  ['a frozen failure', Object.freeze(new FetchFailure('unavailable', 'KMS is busy.'))],
  ['a proxy that throws', throwingProxy({})],
  ['a proxy of a failure that throws', throwingProxy(new FetchFailure('unavailable', 'KMS is busy.'))],
  ['a revoked proxy', revokedProxy()],
  ['an error with getters that throw', withThrowingGetters(new Error('s3cret'))],
  ['a failure with getters that throw', withThrowingGetters(new FetchFailure('unavailable', 'KMS is busy.'))],
  ['a subclass with a getter that throws', new ThrowingFailure()],
  ...['throttle', 'constructor', '__proto__', 'toString', '', 7, null, undefined, Symbol('s3cret')].map(
    (name) => [`a failure named ${String(name)}`, unknownFailure(name)] as const,
  ),
  ['a failure whose message is no text', Object.assign(new FetchFailure('throttled', ''), { message: 7 })],
  ['an error of another realm', runInNewContext(`Object.assign(new Error('s3cret'), { failure: 'constructor' })`)],
]);

/** A refresh and a first read fail; then KMS recovers, and the cached secret is refreshed. */
async function expectRefreshesGoOn(fixture: ClientFixture, fetch: () => Promise<Secret>): Promise<void> {
  const { client, clock, kms, events } = fixture;
  kms.fetch = fetch;
  const firstRead = client.get('other').catch((error: unknown) => error);
  await clock.pass('6m');
  const error = await firstRead;
  expect(isSecretError(error)).toBe(true);
  expect(events('failed').length).toBeGreaterThan(0);
  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: true });

  Reflect.deleteProperty(kms, 'fetch');
  kms.put('db', 'v2');
  await clock.pass('5m');

  expect(client.peek('db')).toMatchObject({ versionId: 'v2', stale: false });
  expect(`${String(error)} ${fixture.lines.join('\n')}`).not.toContain('s3cret');
  await client.close();
}

test.each([...thrown.keys()])('a transport that throws %s ends no refresh', async (name) => {
  const fixture = await setUpWarmClient({ idleTtl: 0 });

  await expectRefreshesGoOn(fixture, () => Promise.reject(thrown.get(name)));
});

test.each<[string, () => unknown]>([
  ['throws synchronously', fail],
  ['returns an object that is no secret', () => ({})],
  ['returns a proxy that throws', () => throwingProxy({})],
  ['returns an object that has only the prototype of a secret', () => Object.create(Secret.prototype) as unknown],
  [
    'returns a proxy of a secret that throws',
    () => new Proxy({ text: fail, bytes: fail, json: fail, asStale: fail }, { getPrototypeOf: fail }),
  ],
])('a transport that %s ends no refresh', async (_, fetch) => {
  const fixture = await setUpWarmClient({ idleTtl: 0 });

  await expectRefreshesGoOn(fixture, fetch as () => Promise<Secret>);
});

test('a failure of an unknown name counts as malformed, and the error names it', async () => {
  const fixture = await setUpWarmClient();
  fixture.kms.fetch = () => Promise.reject(unknownFailure('throttledd'));

  const error: unknown = await fixture.client.get('other').catch((reason: unknown) => reason);

  expect(error).toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(String(error)).toContain('unknown failure "throttledd"');
  expect(fixture.client.stats().failures.malformed).toBe(1);
});

test('whatever a transport throws, a read rejects with an error of this package', async () => {
  const values = fc.anything({ withNullPrototype: true, withMap: true, withDate: true });
  const errors = fc.record({ failure: values, message: values, code: values, retryAfter: values, cause: values });
  const created = fc.oneof(
    values,
    errors.map((fields) => Object.assign(new Error('s3cret'), fields)),
    errors.map((fields) => Object.assign(new FetchFailure('unavailable', 'KMS is busy.'), fields)),
  );
  await fc.assert(
    fc.asyncProperty(created, async (error) => {
      const { client, kms } = await setUpWarmClient({ retry: { maxAttempts: 1 } });
      kms.fetch = () => Promise.reject(error);

      expect(isSecretError(await client.get('other').catch((reason: unknown) => reason))).toBe(true);
      await client.close();
    }),
    { numRuns: 60 },
  );
});
