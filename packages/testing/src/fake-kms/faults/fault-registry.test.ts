import { expect, test } from 'vitest';

import type { FakeFault } from './fault.ts';
import { FaultRegistry } from './fault-registry.ts';

test('applies a fault until it is healed, and counts its hits', () => {
  const faults = new FaultRegistry();
  const handle = faults.add({ kind: 'reset' });

  const taken = [faults.takeRequestFault({ region: 'a' }, ['db']), faults.takeRequestFault({ region: 'b' }, [])];
  handle.heal();

  expect(taken).toEqual([{ kind: 'reset' }, { kind: 'reset' }]);
  expect(handle.hits).toBe(2);
  expect(faults.takeRequestFault({ region: 'a' }, ['db'])).toBeUndefined();
});

test('applies faults in the order they were added, times each', () => {
  const faults = new FaultRegistry();
  faults.add({ kind: 'throttle' }, { times: 2 });
  faults.add({ kind: 'malformed' }, { times: 1 });

  const kinds = [1, 2, 3, 4].map(() => faults.takeRequestFault({ region: 'a' }, ['db'])?.kind);

  expect(kinds).toEqual(['throttle', 'throttle', 'malformed', undefined]);
});

test('matches the region and the secret, by name or ARN, alone or in a batch', () => {
  const faults = new FaultRegistry();
  faults.add({ kind: 'hang' }, { region: 'cn-hangzhou', secretName: 'prod/db' });
  const matches = (region: string, ...names: readonly string[]): boolean =>
    faults.takeRequestFault({ region }, names) !== undefined;

  expect(matches('cn-shanghai', 'prod/db')).toBe(false);
  expect(matches('cn-hangzhou', 'db')).toBe(false);
  expect(matches('cn-hangzhou')).toBe(false);
  expect(matches('cn-hangzhou', 'prod/db')).toBe(true);
  expect(matches('cn-hangzhou', 'acs:kms:cn-hangzhou:1:secret/prod/db')).toBe(true);
  expect(matches('cn-hangzhou', 'other', 'prod/db')).toBe(true);
});

test('heals the faults of one region, or all faults', () => {
  const faults = new FaultRegistry();
  faults.add({ kind: 'hang' }, { region: 'cn-hangzhou' });
  faults.add({ kind: 'reset' }, { region: 'cn-shanghai' });
  faults.add({ kind: 'malformed' });

  faults.heal('cn-hangzhou');
  expect(faults.takeRequestFault({ region: 'cn-hangzhou' }, ['db'])?.kind).toBe('malformed');
  expect(faults.takeRequestFault({ region: 'cn-shanghai' }, ['db'])?.kind).toBe('reset');
  faults.heal();
  expect(faults.takeRequestFault({ region: 'cn-shanghai' }, ['db'])).toBeUndefined();
});

test('applies certificate faults to connections, others to requests', () => {
  const faults = new FaultRegistry();
  faults.add({ kind: 'certificate', of: 'expired' }, { times: 1 });
  faults.add({ kind: 'reset' });

  expect(faults.takeRequestFault({ region: 'a' }, ['db'])).toEqual({ kind: 'reset' });
  expect([faults.takeCertificateFault({ region: 'a' }), faults.takeCertificateFault({ region: 'a' })]).toEqual([
    'expired',
    undefined,
  ]);
});

test.each([0, 1.5, -1])('rejects times: %d', (times) => {
  expect(() => new FaultRegistry().add({ kind: 'hang' }, { times })).toThrow(
    'times of a fault must be a whole number, at least 1.',
  );
});

test.each<[string, unknown, string]>([
  ['an unknown kind', { kind: 'unavailable' }, 'The fault: kind must be one of throttle, error, hang,'],
  ['a kind of Object.prototype', { kind: 'constructor' }, 'The fault: kind must be one of throttle,'],
  ['a missing kind', {}, 'The fault: kind is missing: expected one of throttle,'],
  ['a missing field', { kind: 'slow' }, 'The fault: ms is missing.'],
  ['an invalid status', { kind: 'html', status: 99 }, 'The fault: status must be an HTTP status from 200 to 599.'],
  ['an unknown certificate', { kind: 'certificate', of: 'old' }, 'The fault: of must be one of expired, wrongName,'],
  ['an unknown field', { kind: 'hang', ms: 5 }, 'The fault has an unknown field ms. Its fields are kind.'],
  ['a string', 'hang', 'The fault must be an object.'],
])('rejects %s with a TypeError', (_, fault, message) => {
  const faults = new FaultRegistry();

  expect(() => faults.add(fault as FakeFault)).toThrow(TypeError);
  expect(() => faults.add(fault as FakeFault)).toThrow(message);
  expect(faults.takeRequestFault({ region: 'a' }, ['db'])).toBeUndefined();
});

test.each<[unknown, string]>([
  [{ secret: 'db' }, 'The scope of the fault has an unknown field secret.'],
  [{ secretName: 5 }, 'secretName must be a string'],
  [{ region: ['cn-hangzhou'] }, 'region must be a string'],
  ['db', 'The scope of the fault must be an object'],
])('rejects the scope %j of a caller without types', (scope, message) => {
  // @ts-expect-error -- a caller without types
  expect(() => new FaultRegistry().add({ kind: 'hang' }, scope)).toThrow(message);
});
