import type { LookupAddress, LookupOptions } from 'node:dns';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { NameLookup } from './name-lookup.ts';
import { NameResolver } from './name-resolver.ts';

const addresses = [
  { address: '192.0.2.1', family: 4 },
  { address: '2001:db8::1', family: 6 },
];

type Outcome = readonly LookupAddress[] | Error | Promise<readonly LookupAddress[]> | 'hangs';

/** A look-up on a resolver that responds with `outcomes`, one for each request. */
function setUp(...outcomes: readonly Outcome[]) {
  const clock = new FakeClock();
  let requests = 0;
  const resolver = new NameResolver({
    lookup() {
      const outcome = outcomes[requests] ?? 'hangs';
      requests += 1;
      if (outcome === 'hangs') return new Promise(() => {});
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
    query: () => Promise.reject(new Error('ENOTFOUND')),
  });
  const names = new NameLookup({ resolver, clock, connectTimeout: 2_000 });
  const look = (options: LookupOptions = { all: true }): Promise<readonly unknown[]> =>
    new Promise((resolve) => {
      names.lookup('kms.example', options, (...result) => resolve(result));
    });
  return { clock, names, look, requestCount: () => requests };
}

test.each<[string, LookupOptions, readonly unknown[]]>([
  ['every address', { all: true }, [null, addresses]],
  ['the first address and its family', {}, [null, '192.0.2.1', 4]],
])('returns %s, as dns.lookup does with %j', async (_, options, expected) => {
  expect(await setUp(addresses).look(options)).toEqual(expected);
});

test('passes an error on if no address is known', async () => {
  const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });

  expect((await setUp(error).look())[0]).toBe(error);
});

test('returns the last known addresses if the look-up fails', async () => {
  const { look } = setUp(addresses, new Error('getaddrinfo EAI_AGAIN'));
  await look();

  expect(await look()).toEqual([null, addresses]);
});

test('returns the last known addresses if the look-up takes half of the connect timeout', async () => {
  const { clock, look, names } = setUp(addresses, 'hangs');
  await look();
  const looking = look();
  await nextTurn();
  const isPending = names.isPending('kms.example');

  await clock.pass('1s');

  expect(await looking).toEqual([null, addresses]);
  expect(isPending).toBe(true);
});

test.each([
  ['fails', () => Promise.reject(new Error('getaddrinfo EAI_AGAIN'))],
  ['ends', () => Promise.resolve(addresses)],
])('calls back once if the look-up %s after the last known addresses were returned', async (_, outcome) => {
  let end = (): void => {};
  const late = new Promise<void>((resolve) => {
    end = resolve;
  });
  const { clock, look, names } = setUp(addresses, late.then(outcome));
  await look();
  let callbacks = 0;
  names.lookup('kms.example', { all: true }, () => (callbacks += 1));
  await clock.pass('1s');

  end();
  await nextTurn();

  expect(callbacks).toBe(1);
});

test('attempts of twenty connections share one look-up that hangs', async () => {
  const { clock, look, requestCount } = setUp();
  for (let index = 0; index < 20; index += 1) void look();

  await clock.pass('10s');

  expect(requestCount()).toBe(1);
});

test('starts with the next address after one was skipped', async () => {
  const { look, names } = setUp(addresses, addresses);
  names.skipAddress();
  const skipped = await look();
  names.skipAddress();

  expect(skipped).toEqual([null, addresses.toReversed()]);
  expect(await look()).toEqual([null, addresses]);
});
