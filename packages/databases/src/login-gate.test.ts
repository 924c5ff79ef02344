import { createSecretClient } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { acquireGate } from './gates.ts';
import type { Login, LoginGate } from './login-gate.ts';
import { splitOptions } from './options.ts';

const name = 'prod/db';
const wrongPassword = Object.assign(new Error('password authentication failed'), { code: '28P01' });

interface GateFixture {
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly gate: LoginGate;
  readonly release: () => void;
  /** Another part of the application, or a message of another process, brings the newest version. */
  readonly refresh: () => Promise<unknown>;
  /** `rotatedAt`: the date of the rotation, of a secret that KMS rotates. */
  readonly publish: (versionId: string, rotatedAt?: number) => void;
}

/** A gate whose secret is in memory in version `v1`, fetched a minute ago. */
async function setUpGate(): Promise<GateFixture> {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  const publish = (versionId: string, rotatedAt?: number): void =>
    kms.put(name, versionId, {
      value: JSON.stringify({ AccountName: 'app', AccountPassword: `s3cret-${versionId}` }),
      ...(rotatedAt !== undefined && {
        rotation: { state: 'Enabled', interval: undefined, lastAt: rotatedAt, nextAt: undefined },
      }),
    });
  publish('v1');
  const secrets = createSecretClient({
    endpoints: [kms],
    clock,
    ttl: '1h',
    precedence: 'code-only',
    retry: { maxAttempts: 1 },
  });
  onTestFinished(() => secrets.close());
  const { gate, release } = acquireGate(splitOptions({ secrets, secret: name, clock }, {}).rotation);
  onTestFinished(release);
  await gate.wait(deadlineIn(clock));
  await clock.pass('1m');
  return { clock, kms, gate, release, refresh: () => secrets.refresh(name), publish };
}

function deadlineIn(clock: FakeClock, ms = 10_000): number {
  return clock.now() + ms;
}

function started(gate: LoginGate): Login {
  const login = gate.start();
  if (login === undefined) throw new Error('No login may start.');
  return login;
}

/** Waits for the gate and records whether it has opened. */
function waiting(gate: LoginGate, deadline: number): { readonly state: () => string } {
  let state = 'waiting';
  gate.wait(deadline).then(
    () => (state = 'open'),
    (error: unknown) => (state = `rejected: ${(error as Error).message}`),
  );
  return { state: () => state };
}

test('reads the secret before the first login', async () => {
  const { gate } = await setUpGate();

  expect(started(gate).account).toMatchObject({ versionId: 'v1', user: 'app', password: 's3cret-v1' });
});

test('any number of logins start at once while the database accepts the account', async () => {
  const { gate } = await setUpGate();

  const logins = Array.from({ length: 5 }, () => started(gate));
  for (const login of logins) login.accepted();

  expect(gate.start()).toBeDefined();
});

test('after a rejection, one login tries the next version while the others wait', async () => {
  const { clock, kms, gate, publish } = await setUpGate();
  const logins = Array.from({ length: 5 }, () => started(gate));
  publish('v2');
  for (const login of logins) login.rejected(wrongPassword);

  expect(gate.start()).toBeUndefined();
  const waiters = logins.map(() => waiting(gate, deadlineIn(clock)));
  await clock.pass(50);
  expect(waiters.map(({ state }) => state())).toEqual(logins.map(() => 'open'));

  const trial = started(gate);
  expect(trial.account.versionId).toBe('v2');
  expect(gate.start()).toBeUndefined();
  const second = waiting(gate, deadlineIn(clock));
  await clock.pass('2s');
  expect(second.state()).toBe('waiting');

  trial.accepted();
  await clock.pass(0);
  expect(second.state()).toBe('open');
  expect(gate.start()?.account.versionId).toBe('v2');
  expect(kms.requests.length).toBe(2);
});

test('a login that fails for another reason leaves the trial to the next one', async () => {
  const { clock, gate, publish } = await setUpGate();
  publish('v2');
  started(gate).rejected(wrongPassword);
  void waiting(gate, deadlineIn(clock));
  await clock.pass(50);
  const trial = started(gate);
  const waiter = waiting(gate, deadlineIn(clock));

  trial.failed();
  await clock.pass(0);

  expect(waiter.state()).toBe('open');
  expect(started(gate).account.versionId).toBe('v2');
});

test('a login that hangs holds up the others for three seconds', async () => {
  const { clock, gate, publish } = await setUpGate();
  publish('v2');
  started(gate).rejected(wrongPassword);
  void waiting(gate, deadlineIn(clock));
  await clock.pass(50);
  const hanging = started(gate);
  const waiter = waiting(gate, deadlineIn(clock));
  await clock.pass(2_900);
  expect(waiter.state()).toBe('waiting');
  await clock.pass(100);
  expect(waiter.state()).toBe('open');

  started(gate).accepted();
  hanging.failed();
  expect(started(gate).account.versionId).toBe('v2');

  started(gate).rejected(wrongPassword);
  expect(gate.start()).toBeUndefined();
});

test('refreshes at 0, 1, 3 and 7 s, and repeats the rejected password once in three rounds', async () => {
  const { clock, kms, gate } = await setUpGate();
  started(gate).rejected(wrongPassword);
  const before = kms.requests.length;
  const waiter = waiting(gate, deadlineIn(clock));
  const requests: number[] = [];
  for (let elapsed = 0; elapsed < 3_000; elapsed += 500) {
    await clock.pass(500);
    requests.push(kms.requests.length - before);
  }

  expect(requests).toEqual([1, 2, 2, 2, 2, 3]);
  expect(waiter.state()).toBe('open');
  started(gate).rejected(wrongPassword);
  const next = waiting(gate, deadlineIn(clock, 7_000));
  await clock.pass('4s');
  expect(kms.requests.length - before).toBe(4);
  expect(next.state()).toBe('waiting');
  expect(gate.start()).toBeUndefined();
});

test('finds the versions of a secret that KMS rotates with two requests, after the first rotation', async () => {
  const { clock, kms, gate, publish } = await setUpGate();
  const counts: number[] = [];
  for (const versionId of ['v2', 'v3', 'v4']) {
    await clock.pass('1h');
    started(gate).rejected(wrongPassword);
    const before = kms.requests.length;
    const waiter = waiting(gate, deadlineIn(clock));
    await clock.pass('2100ms');
    publish(versionId, clock.date());
    await clock.pass('1500ms');
    expect(waiter.state()).toBe('open');
    const trial = started(gate);
    expect(trial.account.versionId).toBe(versionId);
    trial.accepted();
    counts.push(kms.requests.length - before);
  }

  expect(counts).toEqual([3, 2, 2]);
});

test('a newer version that is rejected too starts another search, with a round at once', async () => {
  const { clock, kms, gate, publish } = await setUpGate();
  started(gate).rejected(wrongPassword);
  void waiting(gate, deadlineIn(clock));
  const { search } = gate;
  await clock.pass('1500ms');
  publish('v2');
  await clock.pass('2s');
  const trial = started(gate);
  expect(trial.account.versionId).toBe('v2');
  void waiting(gate, deadlineIn(clock));
  const before = kms.requests.length;

  trial.rejected(wrongPassword);
  await clock.pass(50);

  expect(gate.search).not.toBe(search);
  expect(kms.requests.length - before).toBe(1);
});

test('the error of the database names the secret and the version, and keeps its code', async () => {
  const { clock, gate } = await setUpGate();
  const error = Object.assign(new Error('password authentication failed for user "app"'), { code: '28P01' });
  started(gate).rejected(error);

  const waited = gate.wait(deadlineIn(clock, 2_000));
  waited.catch(() => {});
  await clock.pass('2s');

  await expect(waited).rejects.toBe(error);
  expect(error.message).toBe(
    'password authentication failed for user "app" (account of secret "prod/db", version v1; KMS has no newer version)',
  );
});

test('the error says that KMS could not be read', async () => {
  const { clock, kms, gate } = await setUpGate();
  kms.fail('unavailable');
  const error = Object.assign(new Error('password authentication failed'), { code: '28P01' });
  started(gate).rejected(error);

  const waited = gate.wait(deadlineIn(clock, 2_500));
  waited.catch(() => {});
  await clock.pass('3s');

  await expect(waited).rejects.toThrow('KMS could not be read for a newer version (ERR_SECRET_UNAVAILABLE)');
});

test('a locked account causes few refreshes and logins, however many connections wait', async () => {
  const { clock, kms, gate } = await setUpGate();
  started(gate).rejected(wrongPassword);
  const before = kms.requests.length;
  let logins = 0;

  for (let elapsed = 0; elapsed < 120_000; elapsed += 100) {
    for (let connection = 0; connection < 20; connection += 1) {
      const login = gate.start();
      if (login !== undefined) {
        logins += 1;
        login.rejected(wrongPassword);
      }
      gate.wait(deadlineIn(clock)).catch(() => {});
    }
    await clock.pass(100);
  }

  expect(kms.requests.length - before).toBeLessThan(20);
  expect(logins).toBeLessThan(8);
});

test('a connection fails at once if no round starts before its deadline', async () => {
  const { clock, gate } = await setUpGate();
  started(gate).rejected(wrongPassword);
  const first = waiting(gate, deadlineIn(clock, 1_500));
  await clock.pass('1500ms');
  expect(first.state()).toMatch(/^rejected/u);

  const second = waiting(gate, deadlineIn(clock, 500));
  await clock.pass(0);

  expect(second.state()).toMatch(/^rejected/u);
});

test('a rotation that arrives by itself ends the pause between two rounds', async () => {
  const { clock, kms, gate, publish, refresh } = await setUpGate();
  started(gate).rejected(wrongPassword);
  const waiter = waiting(gate, deadlineIn(clock));
  await clock.pass('1200ms');
  const requests = kms.requests.length;
  publish('v2');
  await clock.pass(100);
  expect(waiter.state()).toBe('waiting');

  await refresh();
  await clock.pass(50);

  expect(waiter.state()).toBe('open');
  expect(started(gate).account.versionId).toBe('v2');
  expect(kms.requests.length - requests).toBe(1);
});

test('a connection is outdated once memory has another version, but not while the database rejects that', async () => {
  const { clock, gate, publish, refresh } = await setUpGate();
  expect(gate.isOutdated('v1')).toBe(false);
  publish('v2');
  await refresh();
  expect(gate.isOutdated('v1')).toBe(true);

  started(gate).rejected(wrongPassword);
  expect(gate.isOutdated('v1')).toBe(false);
  void waiting(gate, deadlineIn(clock));
  await clock.pass('4s');
  started(gate).accepted();
  expect(gate.isOutdated('v1')).toBe(true);
});

test('a rotation without a rejection does not let the next rejected account be tried at once', async () => {
  const { gate, publish, refresh } = await setUpGate();
  publish('v2');
  await refresh();

  started(gate).rejected(wrongPassword);

  expect(gate.start()).toBeUndefined();
});

test('a late rejection of the version before changes nothing', async () => {
  const { gate, publish, refresh } = await setUpGate();
  const login = started(gate);
  publish('v2');
  await refresh();

  login.rejected(wrongPassword);

  expect(gate.start()?.account.versionId).toBe('v2');
});

test('two pools on one secret share a gate until the last of them ends', async () => {
  const clock = new FakeClock();
  const secrets = createSecretClient({ endpoints: [new FakeTransport()], clock, precedence: 'code-only' });
  onTestFinished(() => secrets.close());
  const acquire = (secret: string) => acquireGate(splitOptions({ secrets, secret, clock }, {}).rotation);
  const [first, second, other] = [acquire(name), acquire(name), acquire('prod/other')];

  expect(second.gate).toBe(first.gate);
  expect(other.gate).not.toBe(first.gate);
  expect(secrets.stats().pinned).toBe(2);
  first.release();
  first.release();
  expect(acquire(name).gate).toBe(second.gate);
  second.release();
  other.release();
  expect(secrets.stats().pinned).toBe(1);
});
