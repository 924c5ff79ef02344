import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { guardedLogger } from '../ports/logger.ts';
import { FetchFailure } from '../ports/transport.ts';
import { SecretEmitter } from '../secret/events.ts';
import type { SecretEvents } from '../secret/events.ts';
import { ExpiryMonitor } from './expiry-monitor.ts';

const day = 86_400_000;

function setUp() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const logger = { info: write('info'), warn: write('warn'), error: write('error') };
  const events = new SecretEmitter(() => {});
  const expiring: SecretEvents['expiring'][] = [];
  events.on('expiring', (event) => expiring.push(event));
  const closing = new AbortController();
  const monitor = new ExpiryMonitor({ clock, logger: guardedLogger(logger), events, closing: closing.signal });
  return { clock, lines, expiring, closing, monitor };
}

test('reports an expiry 30 days, seven days and one day before it, and at it, while the process runs', async () => {
  const { clock, lines, expiring, monitor } = setUp();
  const expiresAt = clock.date() + 40 * day;
  monitor.track({ kind: 'clientKey', name: 'client key of credentials (option)', expiresAt }, { isLogged: true });
  const counts: number[] = [];
  for (const days of [9, 2, 21, 3, 4, 2]) {
    await clock.pass(days * day);
    counts.push(lines.length);
  }
  const date = new Date(expiresAt).toISOString().slice(0, 10);

  expect(counts).toEqual([0, 1, 1, 2, 3, 4]);
  expect(lines[0]).toBe(`warn The client key of credentials (option) expires on ${date}.`);
  expect(lines[3]).toBe(`error The client key of credentials (option) expired on ${date}.`);
  expect(expiring).toHaveLength(4);
  expect(expiring[0]).toMatchObject({ kind: 'clientKey', name: 'client key of credentials (option)' });
  expect(monitor.status()[0]?.expiresIn).toBeLessThan(0);
});

test('reports at once what expires soon, unless the caller has logged it', () => {
  const { clock, lines, monitor } = setUp();
  const expiresAt = clock.date() + day / 2;
  monitor.track({ kind: 'ca', name: 'CA of one', expiresAt }, { isLogged: false });
  monitor.track({ kind: 'ca', name: 'CA of two', expiresAt }, { isLogged: true });

  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('CA of one');
});

test('a replaced key is reported again only when it expires soon too', async () => {
  const { clock, lines, monitor } = setUp();
  const track = (days: number): void =>
    monitor.track({ kind: 'clientKey', name: 'key', expiresAt: clock.date() + days * day }, { isLogged: true });
  track(2);
  await clock.pass(day);
  track(365);
  await clock.pass(30 * day);

  expect(lines).toHaveLength(1);
  expect(monitor.status()).toMatchObject([{ kind: 'clientKey', expiresIn: 335 * day }]);
});

test('reports the first failed renewal of credentials, how long they last, and the next success', async () => {
  const { clock, lines, expiring, monitor } = setUp();
  const error = new FetchFailure('unreachable', 'sts.example did not respond.');
  monitor.renewed('Credentials for role a', { error, expiresIn: 600_000 });
  await clock.pass('5m');
  monitor.renewed('Credentials for role a', { error, expiresIn: 300_000 });
  const failing = monitor.status();
  monitor.renewed('Credentials for role a', { error: undefined, expiresIn: 3_600_000 });

  expect(lines).toEqual([
    expect.stringMatching(/^warn Credentials for role a: could not be renewed: .*They expire in 10 min\.$/u),
    'info Credentials for role a: renewed again.',
  ]);
  expect(expiring).toMatchObject([{ kind: 'credentials', expiresIn: 600_000 }]);
  expect(failing).toMatchObject([{ kind: 'credentials', expiresIn: 300_000, failingFor: 300_000 }]);
  expect(monitor.status()).toEqual([]);
});

test('checks nothing after the client is closed', async () => {
  const { clock, lines, closing, monitor } = setUp();
  monitor.track({ kind: 'ca', name: 'CA', expiresAt: clock.date() + 31 * day }, { isLogged: true });
  closing.abort();
  await clock.pass(2 * day);

  expect(lines).toEqual([]);
});
