import { expect, test } from 'vitest';
import type { LoginGate } from './login-gate.ts';
import type { ConnectionOptions } from './mariadb-login.ts';
import { MariadbLogin } from './mariadb-login.ts';

interface LoginFixture {
  readonly login: MariadbLogin;
  readonly options: ConnectionOptions;
  /** What the driver has received, and how the login has ended. */
  readonly results: readonly string[];
  /** From now on, a login may start. */
  readonly openGate: () => void;
}

function setUpLogin({ isOpen }: { readonly isOpen: boolean }): LoginFixture {
  const results: string[] = [];
  const account = { versionId: 'v1', user: 'app', password: 's3cret-1', host: '127.0.0.1', port: 1, database: 'app' };
  const record = (result: string) => () => void results.push(result);
  const started = { account, accepted: record('accepted'), rejected: record('rejected'), failed: record('failed') };
  let current = isOpen ? started : undefined;
  let wake = (): void => {};
  const wait = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const options: ConnectionOptions = { host: 'localhost', port: 3306, logger: {} };
  const login = new MariadbLogin({ start: () => current, wait } as unknown as LoginGate, options, (error, socket) => {
    socket?.on('error', () => {}).destroy();
    results.push(error?.message ?? 'socket');
  });
  const openGate = (): void => {
    current = started;
    wake();
  };
  return { login, options, results, openGate };
}

function loginError(errno: number): Error {
  return Object.assign(new Error('login failed'), { errno });
}

test('sets account and server before the driver reads them', () => {
  const { login, options, results } = setUpLogin({ isOpen: true });

  void login.start({ port: 2 }, 0);

  expect(options).toMatchObject({ user: 'app', host: '127.0.0.1', port: 2, database: 'app' });
  expect(options).toHaveProperty('password', 's3cret-1');
  expect(Object.keys(options)).not.toContain('password');
  expect(login.versionId).toBe('v1');
  expect(results).toEqual(['socket']);
});

test.each([
  [1045, 'rejected'],
  [1049, 'failed'],
])('the error %i of the login ends it: %s', (errno, result) => {
  const { login, options, results } = setUpLogin({ isOpen: true });
  void login.start({}, 0);

  options.logger.error?.(loginError(errno));
  options.logger.error?.(loginError(1045));
  login.abandon();

  expect(login.accepted()).toBe(false);
  expect(results).toEqual(['socket', result]);
});

test('errors after an accepted login are no concern of it', () => {
  const { login, options, results } = setUpLogin({ isOpen: true });
  void login.start({}, 0);

  expect(login.accepted()).toBe(true);
  options.logger.error?.(loginError(1045));
  login.abandon();

  expect(results).toEqual(['socket', 'accepted']);
});

test('opens no socket if the driver has given up while the login waited', async () => {
  const { login, options, results, openGate } = setUpLogin({ isOpen: false });
  const waiting = login.start({}, 0);

  options.logger.error?.(new Error('Connection timeout'));
  openGate();
  await waiting;

  expect(results).toEqual([]);
});

test('a pool that ends stops a waiting login, and leaves a running one to the other pools', async () => {
  const waiting = setUpLogin({ isOpen: false });
  const started = waiting.login.start({}, 0);
  const running = setUpLogin({ isOpen: true });
  void running.login.start({}, 0);

  waiting.login.abandon();
  waiting.openGate();
  running.login.abandon();
  await started;

  expect(waiting.results).toEqual(['The pool has ended.']);
  expect(running.results).toEqual(['socket', 'failed']);
});
