import dns from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { NameSource } from './name-resolver.ts';
import { NameResolver, processResolver } from './name-resolver.ts';

interface PendingLookup {
  readonly name: string;
  readonly respond: (outcome: readonly LookupAddress[] | Error) => void;
}

const first = [{ address: '192.0.2.1', family: 4 }];
const second = [{ address: '192.0.2.2', family: 4 }];

/** A resolver whose look-ups the test settles. `queryable` holds the addresses of names that DNS queries find. */
function setUp(queryable: Readonly<Record<string, readonly LookupAddress[]>> = {}) {
  const clock = new FakeClock();
  const lookups: PendingLookup[] = [];
  const queries: string[] = [];
  const source: NameSource = {
    lookup: (name) =>
      new Promise((resolve, reject) => {
        const respond = (outcome: readonly LookupAddress[] | Error): void => {
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        };
        lookups.push({ name, respond });
      }),
    query: (name) => {
      queries.push(name);
      return queryable[name] === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(queryable[name]);
    },
  };
  const resolver = new NameResolver(source);
  const resolve = (name: string) => resolver.resolve({ name, options: { family: 0 } }, clock);
  const lastKnown = (name: string) => resolver.lastKnown({ name, options: { family: 0 } }, clock);
  return { clock, lookups, queries, resolver, resolve, lastKnown };
}

test('concurrent requests for a name join one look-up', async () => {
  const { lookups, resolve, resolver } = setUp();
  const resolving = Promise.all(Array.from({ length: 20 }, () => resolve('kms.example')));
  await nextTurn();

  expect(resolver.isPending('kms.example')).toBe(true);
  lookups[0]?.respond(first);

  expect(await resolving).toEqual(Array.from({ length: 20 }, () => first));
  expect(lookups).toHaveLength(1);
  expect(resolver.isPending('kms.example')).toBe(false);
});

test('a finished look-up is not reused', async () => {
  const { lookups, resolve } = setUp();
  const before = resolve('kms.example');
  await nextTurn();
  lookups[0]?.respond(first);
  await before;

  const after = resolve('kms.example');
  await nextTurn();
  lookups[1]?.respond(second);

  expect(await after).toEqual(second);
});

test('while one look-up hangs, another name is resolved by a DNS query', async () => {
  const { clock, lookups, queries, resolve } = setUp({ 'kms.fallback': second });
  resolve('kms.example').catch(() => {});

  const resolving = resolve('kms.fallback');
  await clock.pass('100ms');

  expect(await resolving).toEqual(second);
  expect(queries).toEqual(['kms.fallback']);
  expect(lookups.map(({ name }) => name)).toEqual(['kms.example']);
});

test('a name that DNS queries do not find waits for the thread', async () => {
  const { clock, lookups, resolve } = setUp();
  const hanging = resolve('kms.example');
  const resolving = resolve('in-the-hosts-file');
  await clock.pass('10s');
  const namesBefore = lookups.map(({ name }) => name);

  lookups[0]?.respond(new Error('EAI_AGAIN'));
  await expect(hanging).rejects.toThrow('EAI_AGAIN');
  await nextTurn();
  lookups[1]?.respond(second);

  expect(namesBefore).toEqual(['kms.example']);
  expect(await resolving).toEqual(second);
});

test('a short look-up of one name only delays that of another', async () => {
  const { lookups, queries, resolve } = setUp({ 'kms.fallback': second });
  const resolving = [resolve('kms.example'), resolve('kms.fallback')];
  await nextTurn();
  lookups[0]?.respond(first);
  await nextTurn();
  lookups[1]?.respond(second);

  expect(await Promise.all(resolving)).toEqual([first, second]);
  expect(queries).toEqual([]);
});

test('a look-up that never ends is replaced after 30 s', async () => {
  const { clock, lookups, resolve } = setUp();
  resolve('kms.example').catch(() => {});
  await clock.pass('30s');

  const resolving = resolve('kms.example');
  await nextTurn();
  lookups[1]?.respond(first);

  expect(await resolving).toEqual(first);
});

test('the last known addresses of a name expire after a day', async () => {
  const { clock, lookups, resolve, lastKnown } = setUp();
  const resolving = resolve('kms.example');
  await nextTurn();
  lookups[0]?.respond(first);
  await resolving;
  const early = lastKnown('kms.example');

  await clock.pass('25h');

  expect(early).toEqual(first);
  expect(lastKnown('kms.example')).toBeUndefined();
  expect(lastKnown('kms.fallback')).toBeUndefined();
});

test('leaves no timer', async () => {
  const { clock, lookups, resolve } = setUp();
  const resolving = resolve('kms.example');
  await nextTurn();
  lookups[0]?.respond(first);
  await resolving;
  await nextTurn();

  expect(clock.pendingTimers).toBe(0);
});

test('the resolver of the process calls `dns.lookup`, also one that the app has replaced', async () => {
  const { lookup } = dns;
  onTestFinished(() => {
    dns.lookup = lookup;
  });
  const replaced = (name: string, _options: object, callback: (error: Error | null, found: unknown) => void): void => {
    if (name === 'known.example') callback(null, first);
    else callback(new Error(`ENOTFOUND ${name}`), []);
  };
  dns.lookup = replaced as never;
  const resolve = (name: string) => processResolver.resolve({ name, options: { family: 0 } }, new FakeClock());

  expect(await resolve('known.example')).toEqual(first);
  await expect(resolve('unknown.example')).rejects.toThrow('ENOTFOUND unknown.example');
});
