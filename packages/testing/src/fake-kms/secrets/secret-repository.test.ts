import { expect, test } from 'vitest';

import type { SecretType } from './managed-secret.ts';
import { SecretRepository } from './secret-repository.ts';

const account = (name: string, password: string): string =>
  JSON.stringify({ AccountName: name, AccountPassword: password });

test('a new version gets ACSCurrent, and the old one ACSPrevious', () => {
  const { secrets } = setup();

  const one = secrets.put('db', 's3cret-1');
  const two = secrets.put('db', 's3cret-2');

  expect(secrets.find('db')?.stagesOf(two)).toEqual(['ACSCurrent']);
  expect(secrets.find('db')?.stagesOf(one)).toEqual(['ACSPrevious']);
  const three = secrets.put('db', 's3cret-3');
  expect(secrets.find('db')?.stagesOf(one)).toEqual([]);
  expect(secrets.find('db')?.versionAt('ACSPrevious')?.versionId).toBe(two);
  expect(secrets.find('db')?.versionAt('ACSCurrent')?.versionId).toBe(three);
});

test('a version with custom stages does not become current', () => {
  const { secrets } = setup();
  const one = secrets.put('db', 's3cret-1');

  const two = secrets.put('db', 's3cret-2', { stages: ['candidate'], versionId: 'v2' });

  expect(two).toBe('v2');
  expect(secrets.find('db')?.versionAt('ACSCurrent')?.versionId).toBe(one);
  expect(secrets.find('db')?.stagesOf('v2')).toEqual(['candidate']);
});

test('the first version is always current', () => {
  const { secrets } = setup();

  const one = secrets.put('db', 's3cret-1', { stages: ['candidate'] });

  expect(secrets.find('db')?.stagesOf(one)).toEqual(['ACSCurrent', 'candidate']);
});

test('moving ACSCurrent back gives the other version ACSPrevious', () => {
  const { secrets } = setup();
  const one = secrets.put('db', 's3cret-1');
  const two = secrets.put('db', 's3cret-2');

  secrets.moveStage('db', 'ACSCurrent', one);

  expect(secrets.find('db')?.stagesOf(one)).toEqual(['ACSCurrent']);
  expect(secrets.find('db')?.stagesOf(two)).toEqual(['ACSPrevious']);
  expect(() => secrets.moveStage('db', 'ACSCurrent', 'v9')).toThrow('no version v9');
});

test('rejects a duplicate version id and keeps the old value', () => {
  const { secrets } = setup();
  secrets.put('db', 's3cret-1', { versionId: 'v1' });

  expect(() => secrets.put('db', 's3cret-2', { versionId: 'v1' })).toThrow('already has a version v1');
  expect(secrets.find('db')?.version('v1')?.value === 's3cret-1').toBe(true);
});

test.each<[string, string, SecretType]>([
  ['a space', 'my secret', 'Generic'],
  ['no characters', '', 'Generic'],
  ['193 characters', 'x'.repeat(193), 'Generic'],
  ['the prefix of managed secrets', 'acs/mine', 'Generic'],
  ['a missing RAM user prefix', 'ram/user/x', 'RAMCredentials'],
  ['a missing ECS prefix', 'ram/user/x', 'ECS'],
])('rejects a name with %s', (_, name, type) => {
  const { secrets } = setup();

  expect(() => secrets.put(name, '{}', { type })).toThrow(/name/);
});

test.each(['a/b_c+d=e.f@g-h', 'bailian!secret-123', 'x'.repeat(192)])('accepts the name %s', (name) => {
  const { secrets } = setup();

  expect(() => secrets.put(name, 's3cret-1')).not.toThrow();
});

test('limits a value to 30720 UTF-8 bytes, without repeating it', () => {
  const { secrets } = setup();

  expect(() => secrets.put('fits', 'ü'.repeat(15_360))).not.toThrow();
  expect(() => secrets.put('db', `${'ü'.repeat(15_360)}x`)).toThrow(
    'The value of a secret must have at most 30720 bytes, got 30721.',
  );
  expect(() => secrets.rotate('fits', 'x'.repeat(30_721))).toThrow('at most 30720 bytes');
});

test('limits version ids and stages to 64 characters', () => {
  const { secrets } = setup();
  const long = 'x'.repeat(65);

  expect(() => secrets.put('db', 's3cret-1', { versionId: long })).toThrow('at most 64');
  expect(() => secrets.put('db', 's3cret-1', { stages: [long] })).toThrow('at most 64');
  expect(() => secrets.put('db', 's3cret-1', { versionId: long.slice(1) })).not.toThrow();
});

test('limits extendedConfig to 1024 characters', () => {
  const { secrets } = setup();
  const extendedConfig = { CustomData: 'x'.repeat(1024) };

  expect(() => secrets.put('db', account('app', 's3cret-1'), { type: 'Rds', extendedConfig })).toThrow('1024');
});

test('rejects a change of type', () => {
  const { secrets } = setup();
  secrets.put('db', 's3cret-1');

  expect(() => secrets.put('db', account('app', 's3cret-1'), { type: 'Rds' })).toThrow('cannot become a Rds secret');
});

test.each<[SecretType, string]>([
  ['Rds', 's3cret-1'],
  ['Rds', '{"AccountName":"app"}'],
  ['Redis', '{"AccountName":"app","AccountPassword":"s3cret-1","More":"x"}'],
  ['PolarDB', '{"AccountName":"app","AccountPassword":5}'],
])('rejects a %s secret whose value has the wrong format', (type, value) => {
  const { secrets } = setup();

  expect(() => secrets.put('db', value, { type })).toThrow('AccountName, AccountPassword');
});

test('checks the format of later values too', () => {
  const { secrets } = setup();
  secrets.put('db', account('app', 's3cret-1'), { type: 'Rds', versionId: 'v1' });

  expect(() => secrets.put('db', 's3cret-2')).toThrow('AccountName, AccountPassword');
  expect(() => secrets.rotate('db', 's3cret-2')).toThrow('AccountName, AccountPassword');
  expect(secrets.find('db')?.versionAt('ACSCurrent')?.versionId).toBe('v1');
});

test('rejects operations on an unknown secret', () => {
  const { secrets } = setup();

  for (const method of ['rotate', 'disable', 'enable', 'scheduleDeletion', 'restore', 'remove'] as const) {
    expect(() => secrets[method]('unknown')).toThrow('no secret "unknown"');
  }
});

test('reports why a secret cannot be read, and undoes it', () => {
  const { secrets } = setup();
  secrets.put('db', 's3cret-1');
  const states = (apply: (name: string) => void, undo: (name: string) => void): string[] => {
    apply('db');
    const during = secrets.stateOf('db');
    undo('db');
    return [during, secrets.stateOf('db')];
  };

  expect(
    states(
      (name) => secrets.deny(name),
      (name) => secrets.allow(name),
    ),
  ).toEqual(['denied', 'readable']);
  expect(
    states(
      (name) => secrets.disable(name),
      (name) => secrets.enable(name),
    ),
  ).toEqual(['disabled', 'readable']);
  expect(
    states(
      (name) => secrets.scheduleDeletion(name),
      (name) => secrets.restore(name),
    ),
  ).toEqual(['pendingDeletion', 'readable']);
});

test('removes a secret and frees its name', () => {
  const { secrets } = setup();
  secrets.put('db', 's3cret-1');
  secrets.disable('db');

  secrets.remove('db');

  expect(secrets.find('db')).toBeUndefined();
  secrets.put('db', account('app', 's3cret-2'), { type: 'Rds' });
  expect(secrets.stateOf('db')).toBe('readable');
});

function setup(): { secrets: SecretRepository } {
  return { secrets: new SecretRepository({ clock: { date: () => Date.parse('2026-01-02T03:04:05Z') } }) };
}
