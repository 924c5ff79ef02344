import { expect, test } from 'vitest';

import type { SecretType } from './managed-secret.ts';
import { Vault } from './secret-repository.ts';

const start = Date.parse('2026-01-02T03:04:05Z');
const sixHours = 21_600;
const account = (name: string, password: string): string =>
  JSON.stringify({ AccountName: name, AccountPassword: password });
const nameOf = (value: string | undefined): unknown =>
  (JSON.parse(value ?? '{}') as { AccountName?: string }).AccountName;

test('a new version takes ACSCurrent, and what had it becomes ACSPrevious', () => {
  const { vault } = setup();

  const [one, two] = [vault.put('db', 's3cret-1'), vault.put('db', 's3cret-2')];

  expect(vault.find('db')?.stagesOf(two)).toEqual(['ACSCurrent']);
  expect(vault.find('db')?.stagesOf(one)).toEqual(['ACSPrevious']);
  const three = vault.put('db', 's3cret-3');
  expect(vault.find('db')?.stagesOf(one)).toEqual([]);
  expect(vault.find('db')?.behind('ACSPrevious')?.versionId).toBe(two);
  expect(vault.find('db')?.behind('ACSCurrent')?.versionId).toBe(three);
});

test('labels of its own leave ACSCurrent where it was', () => {
  const { vault } = setup();
  const one = vault.put('db', 's3cret-1');

  const two = vault.put('db', 's3cret-2', { stages: ['candidate'], versionId: 'v2' });

  expect(two).toBe('v2');
  expect(vault.find('db')?.behind('ACSCurrent')?.versionId).toBe(one);
  expect(vault.find('db')?.stagesOf('v2')).toEqual(['candidate']);
});

test('the first version is current whatever labels it gets', () => {
  const { vault } = setup();

  const one = vault.put('db', 's3cret-1', { stages: ['candidate'] });

  expect(vault.find('db')?.stagesOf(one)).toEqual(['ACSCurrent', 'candidate']);
});

test('moving ACSCurrent back makes the other version ACSPrevious', () => {
  const { vault } = setup();
  const [one, two] = [vault.put('db', 's3cret-1'), vault.put('db', 's3cret-2')];

  vault.moveStage('db', 'ACSCurrent', one);

  expect(vault.find('db')?.stagesOf(one)).toEqual(['ACSCurrent']);
  expect(vault.find('db')?.stagesOf(two)).toEqual(['ACSPrevious']);
  expect(() => vault.moveStage('db', 'ACSCurrent', 'v9')).toThrow('no version v9');
});

test('a version id is given once, and the refused one changes nothing', () => {
  const { vault } = setup();
  vault.put('db', 's3cret-1', { versionId: 'v1' });

  expect(() => vault.put('db', 's3cret-2', { versionId: 'v1' })).toThrow('has a version v1 already');
  expect(vault.find('db')?.version('v1')?.value === 's3cret-1').toBe(true);
});

test.each<[string, string, SecretType]>([
  ['a blank', 'my secret', 'Generic'],
  ['nothing', '', 'Generic'],
  ['193 characters', 'x'.repeat(193), 'Generic'],
  ['the prefix of managed secrets', 'acs/mine', 'Generic'],
  ['no prefix, for a RAM user', 'ram/user/x', 'RAMCredentials'],
  ['no prefix, for ECS', 'ram/user/x', 'ECS'],
])('a name with %s is refused', (_, name, type) => {
  const { vault } = setup();

  expect(() => vault.put(name, '{}', { type })).toThrow(/name/);
});

test.each(['a/b_c+d=e.f@g-h', 'bailian!secret-123', 'x'.repeat(192)])('%s is a name', (name) => {
  const { vault } = setup();

  expect(() => vault.put(name, 's3cret-1')).not.toThrow();
});

test('a value has 30720 bytes at most, counted in UTF-8, and the refusal does not repeat it', () => {
  const { vault } = setup();

  expect(() => vault.put('fits', 'ü'.repeat(15_360))).not.toThrow();
  expect(() => vault.put('db', `${'ü'.repeat(15_360)}x`)).toThrow(
    "A secret's value has at most 30720 bytes; this one has 30721.",
  );
  expect(() => vault.rotate('fits', 'x'.repeat(30_721))).toThrow('at most 30720 bytes');
});

test('version ids and stages have 64 characters at most', () => {
  const { vault } = setup();
  const long = 'x'.repeat(65);

  expect(() => vault.put('db', 's3cret-1', { versionId: long })).toThrow('at most 64');
  expect(() => vault.put('db', 's3cret-1', { stages: [long] })).toThrow('at most 64');
  expect(() => vault.put('db', 's3cret-1', { versionId: long.slice(1) })).not.toThrow();
});

test('an extendedConfig has 1024 characters at most', () => {
  const { vault } = setup();
  const extendedConfig = { CustomData: 'x'.repeat(1024) };

  expect(() => vault.put('db', account('app', 's3cret-1'), { type: 'Rds', extendedConfig })).toThrow('1024');
});

test('a secret keeps its type', () => {
  const { vault } = setup();
  vault.put('db', 's3cret-1');

  expect(() => vault.put('db', account('app', 's3cret-1'), { type: 'Rds' })).toThrow('does not become Rds');
});

test.each<[SecretType, string]>([
  ['Rds', 's3cret-1'],
  ['Rds', '{"AccountName":"app"}'],
  ['Redis', '{"AccountName":"app","AccountPassword":"s3cret-1","More":"x"}'],
  ['PolarDB', '{"AccountName":"app","AccountPassword":5}'],
])('a %s secret is refused if its value has not its form', (type, value) => {
  const { vault } = setup();

  expect(() => vault.put('db', value, { type })).toThrow('AccountName, AccountPassword');
});

test('a later value of a managed secret must have its form too', () => {
  const { vault } = setup();
  vault.put('db', account('app', 's3cret-1'), { type: 'Rds', versionId: 'v1' });

  expect(() => vault.put('db', 's3cret-2')).toThrow('AccountName, AccountPassword');
  expect(() => vault.rotate('db', 's3cret-2')).toThrow('AccountName, AccountPassword');
  expect(vault.find('db')?.behind('ACSCurrent')?.versionId).toBe('v1');
});

test('KMS rotates only managed secrets by itself, every six hours to every year', () => {
  const { vault } = setup();
  const put = (type: SecretType, interval: number): string =>
    vault.put(`${type}${interval}`, account('app', 's3cret-1'), { type, automaticRotation: { interval } });

  expect(() => put('Generic', sixHours)).toThrow('does not rotate Generic secrets');
  expect(() => put('Rds', sixHours - 1)).toThrow('from 21600 to 31536000');
  expect(() => put('Rds', 31_536_001)).toThrow('from 21600 to 31536000');
  expect(() => put('Rds', sixHours)).not.toThrow();
  expect(() => put('Rds', 31_536_000)).not.toThrow();
});

test('a single user keeps its name and gets a new password', () => {
  const { vault } = setup();
  vault.put('db', account('app', 's3cret-1'), { type: 'Rds' });

  vault.rotate('db');

  expect(nameOf(vault.find('db')?.behind('ACSCurrent')?.value)).toBe('app');
  expect(vault.find('db')?.behind('ACSCurrent')?.value === vault.find('db')?.behind('ACSPrevious')?.value).toBe(false);
});

test.each<SecretType>(['Redis', 'PolarDB'])(
  'of two %s users the one behind ACSPrevious gets a new password, then the labels swap',
  (type) => {
    const { vault } = setup();
    vault.put('cache', account('app', 's3cret-1'), { type });
    const names = (): unknown[] =>
      ['ACSCurrent', 'ACSPrevious'].map((stage) => nameOf(vault.find('cache')?.behind(stage)?.value));

    vault.rotate('cache');
    expect(names()).toEqual(['app_clone', 'app']);
    const kept = vault.find('cache')?.behind('ACSCurrent');
    vault.rotate('cache');
    expect(names()).toEqual(['app', 'app_clone']);
    expect(vault.find('cache')?.behind('ACSPrevious') === kept).toBe(true);
  },
);

test('two Rds users are in turn when the configuration says so', () => {
  const { vault } = setup();
  const extendedConfig = { SecretSubType: 'DoubleUsers', CloneAccountName: 'twin' };
  vault.put('db', account('app', 's3cret-1'), { type: 'Rds', extendedConfig });

  vault.rotate('db');

  expect(nameOf(vault.find('db')?.behind('ACSCurrent')?.value)).toBe('twin');
});

test('a RAM user gets a new key with the date it was made', () => {
  const { vault } = setup();
  const value = JSON.stringify({
    AccessKeyId: 'a',
    AccessKeySecret: 's3cret-1',
    GenerateTimestamp: '2025-01-01T00:00:00Z',
  });
  vault.put('acs/ram/user/app', value, { type: 'RAMCredentials' });

  vault.rotate('acs/ram/user/app');

  const { AccessKeySecret, ...rest } = JSON.parse(
    vault.find('acs/ram/user/app')?.behind('ACSCurrent')?.value ?? '{}',
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
])('an ECS secret keeps its form and its user', (form) => {
  const { vault } = setup();
  vault.put('acs/ecs/x', JSON.stringify(form), { type: 'ECS' });

  vault.rotate('acs/ecs/x');

  const value = JSON.parse(vault.find('acs/ecs/x')?.behind('ACSCurrent')?.value ?? '{}') as Record<string, string>;
  expect(Object.keys(value)).toEqual(Object.keys(form));
  expect(value['UserName']).toBe('root');
});

test('a rotated value may be given', () => {
  const { vault } = setup();
  vault.put('db', 's3cret-1');

  vault.rotate('db', 's3cret-2');

  expect(vault.find('db')?.behind('ACSCurrent')?.value === 's3cret-2').toBe(true);
});

test('a rotation happens by itself when its date has come, and its dates are those of the schedule', () => {
  const { vault, pass } = setup();
  const one = vault.put('db', account('app', 's3cret-1'), { type: 'Rds', automaticRotation: { interval: sixHours } });
  expect(vault.find('db')).toMatchObject({ lastRotation: undefined, nextRotation: start + sixHours * 1000 });

  pass(sixHours * 1000 - 1);
  expect(vault.find('db')?.behind('ACSCurrent')?.versionId).toBe(one);
  pass(60_001);
  expect(vault.find('db')?.behind('ACSPrevious')?.versionId).toBe(one);
  expect(vault.find('db')).toMatchObject({
    lastRotation: start + sixHours * 1000,
    nextRotation: start + 2 * sixHours * 1000,
  });
});

test('years of rotations happen at once, with the users still in turn and the dates right', () => {
  const step = sixHours * 1000;
  for (const rounds of [1_000_000, 1_000_001]) {
    const { vault, pass } = setup();
    vault.put('cache', account('app', 's3cret-1'), { type: 'Redis', automaticRotation: { interval: sixHours } });

    pass(rounds * step);

    expect(nameOf(vault.find('cache')?.behind('ACSCurrent')?.value)).toBe(rounds % 2 === 0 ? 'app' : 'app_clone');
    expect(vault.find('cache')).toMatchObject({
      lastRotation: start + rounds * step,
      nextRotation: start + (rounds + 1) * step,
    });
  }
});

test('a rotation by hand starts the interval anew', () => {
  const { vault, pass } = setup();
  vault.put('db', account('app', 's3cret-1'), { type: 'Rds', automaticRotation: { interval: sixHours } });

  pass(1000);
  vault.rotate('db');

  expect(vault.find('db')).toMatchObject({ lastRotation: start + 1000, nextRotation: start + 1000 + sixHours * 1000 });
});

test('what is not there cannot be rotated, disabled, scheduled for deletion or removed', () => {
  const { vault } = setup();

  for (const act of ['rotate', 'disable', 'enable', 'scheduleDeletion', 'restore', 'remove'] as const) {
    expect(() => vault[act]('nobody')).toThrow('no secret of the name "nobody"');
  }
});

test('what stands in the way of reading is told in one word, and taken away again', () => {
  const { vault } = setup();
  vault.put('db', 's3cret-1');
  const states = (act: (name: string) => void, undo: (name: string) => void): string[] => {
    act('db');
    const during = vault.stateOf('db');
    undo('db');
    return [during, vault.stateOf('db')];
  };

  expect(
    states(
      (name) => vault.deny(name),
      (name) => vault.allow(name),
    ),
  ).toEqual(['denied', 'open']);
  expect(
    states(
      (name) => vault.disable(name),
      (name) => vault.enable(name),
    ),
  ).toEqual(['disabled', 'open']);
  expect(
    states(
      (name) => vault.scheduleDeletion(name),
      (name) => vault.restore(name),
    ),
  ).toEqual(['pendingDeletion', 'open']);
});

test('a removed secret is gone, and its name is free again', () => {
  const { vault } = setup();
  vault.put('db', 's3cret-1');
  vault.disable('db');

  vault.remove('db');

  expect(vault.find('db')).toBeUndefined();
  vault.put('db', account('app', 's3cret-2'), { type: 'Rds' });
  expect(vault.stateOf('db')).toBe('open');
});

function setup(): { vault: Vault; pass: (ms: number) => void } {
  let now = start;
  return {
    vault: new Vault({ clock: { date: () => now } }),
    pass(ms) {
      now += ms;
    },
  };
}
