import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { createSecretClient } from '../create-client.ts';
import { isSecretError } from '../secret/errors.ts';
import type { SecretRequest, SecretTransport } from '../ports/transport.ts';

function holdingAll(endpoint: string, names: readonly string[]): FakeTransport {
  const transport = new FakeTransport(endpoint);
  for (const name of names) transport.put(name, 'v1');
  return transport;
}

const namesOf = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `db-${index}`);

test('with every limit at its least, all secrets are read in the end, and nobody is asked more than may be', async () => {
  const clock = new FakeClock();
  const names = namesOf(30);
  const transports = ['a', 'b', 'c'].map((endpoint) => holdingAll(endpoint, names));
  for (const transport of transports) transport.delayResponses(50, clock);
  const client = createSecretClient({
    endpoints: transports,
    clock,
    deadline: '5m',
    limits: { concurrentRequests: 1, requestsPerSecond: 1 },
    hedge: { delay: 1, share: 1 },
    breaker: { failures: 1, openTime: 10, maxOpenTime: 10 },
  });

  const reading = client.getMany(names);
  await clock.pass('2m');

  expect(Object.values(await reading)).toHaveLength(names.length);
  for (const { inFlight, queued } of client.describe().endpoints)
    expect({ inFlight, queued }).toEqual({ inFlight: 0, queued: 0 });
  for (const { requests } of transports) expect(requests.length).toBeLessThanOrEqual(122);
});

test('hundreds of secrets that come due together hold up no reader, and are fetched at the pace that is set', async () => {
  const clock = new FakeClock({ random: () => 0.5 });
  const names = namesOf(300);
  const kms = holdingAll('a', [...names, 'new']);
  const client = createSecretClient({
    endpoints: [kms],
    clock,
    ttl: '1h',
    idleTtl: 0,
    deadline: '1m',
    limits: { requestsPerSecond: 40 },
  });
  const reading = client.getMany(names);
  await clock.pass('10s');
  await reading;
  await clock.pass('56m');
  kms.delayResponses(5, clock);
  kms.requests.length = 0;
  while (kms.requests.length < 60) await clock.pass(100); // a second's worth: from now on each waits for its turn

  const read = client.get('new');
  await clock.pass(20);

  expect((await read).versionId).toBe('v1');
  for (let second = 0; second < 10; second += 1) {
    const before = kms.requests.length;
    await clock.pass('1s');
    expect(kms.requests.length - before).toBeLessThanOrEqual(80);
  }
  expect(kms.requests.length).toBe(names.length + 1);
});

test('closed while a thousand reads wait for their turn, each ends as closed, and no timer is left', async () => {
  const clock = new FakeClock();
  const names = namesOf(1_000);
  const kms = holdingAll('a', names);
  kms.fail('hang');
  const client = createSecretClient({ endpoints: [kms], clock });
  const reads = names.map((name) =>
    client.get(name).then(
      () => 'read',
      (error: unknown) => (isSecretError(error) ? error.code : 'another error'),
    ),
  );
  await clock.pass(100);

  await client.close();

  expect(new Set(await Promise.all(reads))).toEqual(new Set(['ERR_CLIENT_CLOSED']));
  expect(clock.pendingTimers).toBe(0);
});

test('a transport of your own that answers after it was called off, well or not, changes nothing and is heard', async () => {
  const clock = new FakeClock();
  const answers: (() => void)[] = [];
  const late: SecretTransport = {
    endpoint: 'late',
    fetch: (_request: SecretRequest) =>
      new Promise((_resolve, reject) => answers.push(() => reject(new Error('too late')))),
    close: () => {},
  };
  const standby = holdingAll('b', ['db']);
  const client = createSecretClient({ endpoints: [late, standby], clock, hedge: { delay: 100 } });
  const unheard: unknown[] = [];
  const hear = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', hear);

  const reading = client.get('db');
  await clock.pass(100);
  const { versionId } = await reading;
  for (const answer of answers) answer();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', hear);

  expect([versionId, answers.length, unheard]).toEqual(['v1', 1, []]);
  expect(client.describe().endpoints[0]).toMatchObject({ failures: 0, inFlight: 0, breaker: 'closed' });
});
