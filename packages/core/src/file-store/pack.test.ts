import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareRecords, decodePack, encodePack } from './pack.ts';
import type { PackRecord } from './pack.ts';

const sealedAt = (timestamp: number): Buffer => {
  const sealed = Buffer.alloc(64, 1);
  sealed.writeDoubleBE(timestamp, 10);
  return sealed;
};

function recordOf(fields: Partial<PackRecord> & { readonly timestamp?: number } = {}): PackRecord {
  const { timestamp = 1_000, ...rest } = fields;
  const location = { nameHash: 'ab'.repeat(16), requestHash: 'cd'.repeat(16) };
  return { kind: 'secret', generation: 7, location, sealed: sealedAt(timestamp), ...rest };
}

test('decodes what it encoded', () => {
  const records = [
    recordOf(),
    recordOf({ kind: 'removed', generation: 4_294_967_295 }),
    recordOf({ kind: 'removedAll', timestamp: 5 }),
  ];

  expect(decodePack(encodePack(records, 1), 1)).toEqual({ records });
  expect(decodePack(encodePack([], 1), 1)).toEqual({ records: [] });
});

test('decodes a truncated file up to the damage', () => {
  const bytes = encodePack([recordOf(), recordOf({ generation: 8 })], 1);

  const decoded = decodePack(bytes.subarray(0, -1), 1);

  expect(decoded).toEqual({ records: [recordOf()], damage: 'is damaged or truncated after 110 bytes' });
});

test('decodes no record of another format', () => {
  expect(decodePack(Buffer.from('KMSS\u0002'), 1)).toEqual({ records: [], isNewer: true });
  expect(decodePack(Buffer.from('KMSS\u0000'), 1)).toEqual({
    records: [],
    damage: 'is not a pack of this version of kms-secrets',
  });
  expect(decodePack(Buffer.alloc(0), 1).damage).toBe('is not a pack of this version of kms-secrets');
});

test('decodes arbitrary bytes without throwing', () => {
  const bytes = encodePack([recordOf(), recordOf({ kind: 'removed' }), recordOf({ generation: 8 })], 1);
  const change = fc.record({ at: fc.nat(bytes.length), cut: fc.nat(80), put: fc.uint8Array({ maxLength: 80 }) });

  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const mutant = changes.reduce(
        (before, { at, cut, put }) => Buffer.concat([before.subarray(0, at), put, before.subarray(at + cut)]),
        bytes,
      );
      const { records, damage, isNewer } = decodePack(mutant, 1);
      expect(encodePack(records, 1).equals(mutant) || damage !== undefined || isNewer).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test.each<[string, PackRecord, PackRecord]>([
  ['the later fetch', recordOf({ timestamp: 2_000 }), recordOf()],
  ['a write after a removal', recordOf({ generation: 8, timestamp: 1 }), recordOf({ timestamp: 9_000 })],
  ['a later removal', recordOf({ kind: 'removed', generation: 8, timestamp: 1 }), recordOf({ timestamp: 9_000 })],
  ['a secret of the same generation', recordOf({ timestamp: 1 }), recordOf({ kind: 'removedAll', timestamp: 9_000 })],
])('prefers %s', (_, winner, loser) => {
  expect(compareRecords(winner, loser)).toBeGreaterThan(0);
  expect(compareRecords(loser, winner)).toBeLessThan(0);
  expect(compareRecords(winner, winner)).toBe(0);
});
