import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { fakeEndpoint, setUpClient, setUpWarmClient } from './client.fixture.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

const important = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.startsWith('debug '));

test('an outage with 300 secrets causes a few lines', async () => {
  const names = Array.from({ length: 300 }, (_, index) => `prod/${index}`);
  const { client, clock, kms, lines } = setUpClient({ names, ttl: '2m', retry: { maxAttempts: 1 }, breaker: false });
  const first = client.getMany(names);
  await clock.pass('10s');
  await first;
  const before = important(lines).length;
  kms.fail('unreachable');
  await clock.pass('130s');
  const stale = Promise.all(names.map((name) => client.get(name)));
  await clock.pass('2s');
  await stale;
  await clock.pass('1m');
  const outage = important(lines).slice(before);
  kms.heal();
  await clock.pass('40s');
  const recovery = important(lines).slice(before + outage.length);

  expect(client.stats().staleReads).toBe(300);
  expect(outage.length).toBeLessThan(30);
  expect(outage.filter((line) => line.startsWith('warn Serving a stale value'))).toHaveLength(1);
  const summary = outage.find((line) => line.startsWith('warn Serving stale values'));
  expect(summary).toMatch(/^warn Serving stale values of \d+ more secrets within 10 s, such as "prod\/\d+", /u);
  expect(recovery.length).toBeLessThan(10);
});

test('logs a refresh that fails once per outage, and that it succeeds again', async () => {
  const { clock, kms, lines } = await setUpWarmClient({ retry: { maxAttempts: 1 } });
  kms.fail('unreachable');
  await clock.pass('10m');
  const failures = lines.filter((line) => line.includes('could not be fetched'));
  kms.heal();
  await clock.pass('1m');

  expect(failures.filter((line) => line.startsWith('warn '))).toHaveLength(1);
  expect(failures.filter((line) => line.startsWith('debug ')).length).toBeGreaterThan(3);
  expect(lines).toContainEqual(expect.stringMatching(/^info Secret "db" could be fetched again, after \d+ min/u));
});

test('logs a secret that expires as an error', async () => {
  const { client, clock, kms, lines } = await setUpWarmClient({ staleIfError: '1h', retry: { maxAttempts: 1 } });
  kms.fail('unreachable');
  await clock.pass('70m');
  await client.get('db').catch(() => {});

  const [line, ...others] = lines.filter((text) => text.startsWith('error '));
  expect(line).toMatch(/^error Secret "db" expired: .*\(age 1 h \d+ min\) is no longer served\.$/u);
  expect(others).toEqual([]);
});

test('logs a rotation with both versions, and other refreshes at level debug', async () => {
  const { client, kms, lines } = await setUpWarmClient();
  await client.refresh('db');
  const before = important(lines).length;
  kms.put('db', 'v2');
  await client.refresh('db');

  expect(important(lines).slice(before)).toEqual(['info Secret "db" rotated: version v1 is now v2.']);
  expect(lines.filter((line) => line === 'debug Fetched secret "db" (version v1).')).toHaveLength(2);
});

test('logs the failure of a name that is not in use at level debug only', async () => {
  const { client, lines } = setUpClient();
  await client.get('from-a-request').catch(() => {});

  expect(lines.filter((line) => line.includes('from-a-request'))).toEqual([expect.stringMatching(/^debug /u)]);
});

test('lines have their parts as fields', async () => {
  const calls: (readonly [string, object | undefined])[] = [];
  const write = (message: string, fields?: object): void => void calls.push([message, fields]);
  const kms = fakeEndpoint('kms.example', ['db']);
  const clock = new FakeClock();
  const { client } = setUpClient({
    kms,
    clock,
    ttl: '5m',
    retry: { maxAttempts: 1 },
    logger: { info: write, warn: write, error: write },
  });
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('6m');
  await client.get('db');

  const fieldsOf = (start: string) => calls.find(([message]) => message.startsWith(start))?.[1];
  expect(fieldsOf('Serving')).toMatchObject({ secret: 'db', code: 'ERR_SECRET_UNAVAILABLE', age: 360_000 });
  expect(fieldsOf('Secret "db"')).toMatchObject({ secret: 'db', code: 'ERR_SECRET_UNAVAILABLE' });
  expect(fieldsOf('Endpoint')).toEqual({ endpoint: 'kms.example', failure: 'unreachable' });
});

test('entries of a store that are dropped are aggregated', async () => {
  const clock = new FakeClock();
  const store = new FakeStore({ isShared: true, clock });
  const { client, lines } = setUpClient({ clock, store });
  for (let index = 0; index < 1_000; index += 1) {
    store.emit({ kind: 'dropped', name: `prod/${index}`, reason: 'it is sealed with another key' });
  }
  await client.close();

  expect(lines.filter((line) => line.includes('ropped the entr') || line.includes('was dropped'))).toEqual([
    `warn The entry of secret "prod/0" in fake store was dropped: it is sealed with another key. ${errorLink('ERR_STORE')}`,
    expect.stringMatching(/^warn Dropped the entries of 999 more secrets within 10 s, such as "prod\/1", /u),
  ]);
});
