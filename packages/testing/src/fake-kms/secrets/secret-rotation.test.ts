import { expect, test } from 'vitest';

import { withDefaultConfig } from './managed-secret.ts';
import type { SecretType } from './managed-secret.ts';
import { SecretRepository } from './secret-repository.ts';

const start = Date.parse('2026-01-02T03:04:05Z');
const sixHours = 21_600;
const account = (name: string, password: string): string =>
  JSON.stringify({ AccountName: name, AccountPassword: password });
const nameOf = (value: string | undefined): unknown =>
  (JSON.parse(value ?? '{}') as { AccountName?: string }).AccountName;

test('allows automatic rotation of managed secrets, from six hours to one year', () => {
  const { secrets } = setup();
  const put = (type: SecretType, interval: number): string =>
    secrets.put(`${type}${interval}`, account('app', 's3cret-1'), { type, automaticRotation: { interval } });

  expect(() => put('Generic', sixHours)).toThrow('does not rotate Generic secrets');
  expect(() => put('Rds', sixHours - 1)).toThrow('from 21600 to 31536000');
  expect(() => put('Rds', 31_536_001)).toThrow('from 21600 to 31536000');
  expect(() => put('Rds', sixHours)).not.toThrow();
  expect(() => put('Rds', 31_536_000)).not.toThrow();
});

test('rotates the password of a single user', () => {
  const { secrets } = setup();
  secrets.put('db', account('app', 's3cret-1'), { type: 'Rds' });

  secrets.rotate('db');

  expect(nameOf(secrets.find('db')?.versionAt('ACSCurrent')?.value)).toBe('app');
  expect(
    secrets.find('db')?.versionAt('ACSCurrent')?.value === secrets.find('db')?.versionAt('ACSPrevious')?.value,
  ).toBe(false);
});

test.each<SecretType>(['Redis', 'PolarDB'])('alternates between two %s users', (type) => {
  const { secrets } = setup();
  secrets.put('cache', account('app', 's3cret-1'), { type });
  const names = (): unknown[] =>
    ['ACSCurrent', 'ACSPrevious'].map((stage) => nameOf(secrets.find('cache')?.versionAt(stage)?.value));

  secrets.rotate('cache');
  expect(names()).toEqual(['app_clone', 'app']);
  const current = secrets.find('cache')?.versionAt('ACSCurrent');
  secrets.rotate('cache');
  expect(names()).toEqual(['app', 'app_clone']);
  expect(secrets.find('cache')?.versionAt('ACSPrevious') === current).toBe(true);
});

test.each<[SecretType, object]>([
  ['Redis', { AccountName: 'app', CloneAccountName: 'app_clone' }],
  ['PolarDB', { AccountName: 'app', CloneAccountName: 'app_clone' }],
])('the configuration of a %s secret names both accounts', (type, accounts) => {
  const value = JSON.stringify({ AccountName: 'app', AccountPassword: 's3cret-0' });

  expect(withDefaultConfig(type, undefined, value)).toMatchObject(accounts);
  expect(withDefaultConfig(type, undefined, '{}')).not.toHaveProperty('AccountName');
  expect(withDefaultConfig('Rds', undefined, value)).not.toHaveProperty('CloneAccountName');
});

test('alternates between two Rds users if configured', () => {
  const { secrets } = setup();
  const extendedConfig = { SecretSubType: 'DoubleUsers', CloneAccountName: 'twin' };
  secrets.put('db', account('app', 's3cret-1'), { type: 'Rds', extendedConfig });

  secrets.rotate('db');

  expect(nameOf(secrets.find('db')?.versionAt('ACSCurrent')?.value)).toBe('twin');
});

test('rotates a RAM key and its timestamp', () => {
  const { secrets } = setup();
  const value = JSON.stringify({
    AccessKeyId: 'a',
    AccessKeySecret: 's3cret-1',
    GenerateTimestamp: '2025-01-01T00:00:00Z',
  });
  secrets.put('acs/ram/user/app', value, { type: 'RAMCredentials' });

  secrets.rotate('acs/ram/user/app');

  const { AccessKeySecret, ...rest } = JSON.parse(
    secrets.find('acs/ram/user/app')?.versionAt('ACSCurrent')?.value ?? '{}',
  ) as Record<string, string>;
  expect(AccessKeySecret === 's3cret-1').toBe(false);
  expect(rest).toEqual({
    AccessKeyId: expect.stringMatching(/^FakeAccessKeyId/),
    GenerateTimestamp: '2026-01-02T03:04:05Z',
  });
});

test.each([
  [{ UserName: 'root', Password: 's3cret-1' }],
  [{ UserName: 'root', PublicKey: 'ssh-rsa s3cret-1', PrivateKey: 's3cret-1' }],
])('keeps the format and user of an ECS secret', (format) => {
  const { secrets } = setup();
  secrets.put('acs/ecs/x', JSON.stringify(format), { type: 'ECS' });

  secrets.rotate('acs/ecs/x');

  const value = JSON.parse(secrets.find('acs/ecs/x')?.versionAt('ACSCurrent')?.value ?? '{}') as Record<string, string>;
  expect(Object.keys(value)).toEqual(Object.keys(format));
  expect(value['UserName']).toBe('root');
});

test('rotates to a given value', () => {
  const { secrets } = setup();
  secrets.put('db', 's3cret-1');

  secrets.rotate('db', 's3cret-2');

  expect(secrets.find('db')?.versionAt('ACSCurrent')?.value === 's3cret-2').toBe(true);
});

test('rotates automatically at the scheduled date', () => {
  const { secrets, pass } = setup();
  const first = secrets.put('db', account('app', 's3cret-1'), {
    type: 'Rds',
    automaticRotation: { interval: sixHours },
  });
  expect(secrets.find('db')).toMatchObject({ lastRotation: undefined, nextRotation: start + sixHours * 1000 });

  pass(sixHours * 1000 - 1);
  expect(secrets.find('db')?.versionAt('ACSCurrent')?.versionId).toBe(first);
  pass(60_001);
  expect(secrets.find('db')?.versionAt('ACSPrevious')?.versionId).toBe(first);
  expect(secrets.find('db')).toMatchObject({
    lastRotation: start + sixHours * 1000,
    nextRotation: start + 2 * sixHours * 1000,
  });
});

test('catches up on years of rotations with correct user and dates', () => {
  const step = sixHours * 1000;
  for (const count of [1_000_000, 1_000_001]) {
    const { secrets, pass } = setup();
    secrets.put('cache', account('app', 's3cret-1'), { type: 'Redis', automaticRotation: { interval: sixHours } });

    pass(count * step);

    expect(nameOf(secrets.find('cache')?.versionAt('ACSCurrent')?.value)).toBe(count % 2 === 0 ? 'app' : 'app_clone');
    expect(secrets.find('cache')).toMatchObject({
      lastRotation: start + count * step,
      nextRotation: start + (count + 1) * step,
    });
  }
});

test('a manual rotation restarts the interval', () => {
  const { secrets, pass } = setup();
  secrets.put('db', account('app', 's3cret-1'), { type: 'Rds', automaticRotation: { interval: sixHours } });

  pass(1000);
  secrets.rotate('db');

  expect(secrets.find('db')).toMatchObject({
    lastRotation: start + 1000,
    nextRotation: start + 1000 + sixHours * 1000,
  });
});

function setup(): { secrets: SecretRepository; pass: (ms: number) => void } {
  let now = start;
  return {
    secrets: new SecretRepository({ clock: { date: () => now } }),
    pass(ms) {
      now += ms;
    },
  };
}
