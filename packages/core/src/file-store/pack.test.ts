import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareLines, readPack, writePack } from './pack.ts';
import type { PackLine } from './pack.ts';

const sealedAt = (moment: number): Buffer => {
  const sealed = Buffer.alloc(64, 1);
  sealed.writeDoubleBE(moment, 10);
  return sealed;
};

function line(fields: Partial<PackLine> & { readonly moment?: number } = {}): PackLine {
  const { moment = 1_000, ...rest } = fields;
  const place = { name: 'ab'.repeat(16), request: 'cd'.repeat(16) };
  return { kind: 'secret', generation: 7, place, sealed: sealedAt(moment), ...rest };
}

test('what was written is read back, line by line', () => {
  const lines = [line(), line({ kind: 'removed', generation: 4_294_967_295 }), line({ kind: 'removedAll', moment: 5 })];

  expect(readPack(writePack(lines))).toEqual({ lines });
  expect(readPack(writePack([]))).toEqual({ lines: [] });
});

test('a file that is cut short is read as far as it makes sense', () => {
  const bytes = writePack([line(), line({ generation: 8 })]);

  const cut = readPack(bytes.subarray(0, -1));

  expect(cut).toEqual({ lines: [line()], problem: 'is damaged or cut short after 110 bytes' });
});

test('a file that is none of ours holds nothing', () => {
  expect(readPack(Buffer.from('KMSS\u0002'))).toEqual({
    lines: [],
    problem: 'is no file of this version of kms-secrets',
  });
  expect(readPack(Buffer.alloc(0)).problem).toBe('is no file of this version of kms-secrets');
});

test('whatever bytes a file has, it is read', () => {
  const bytes = writePack([line(), line({ kind: 'removed' }), line({ generation: 8 })]);
  const change = fc.record({ at: fc.nat(bytes.length), cut: fc.nat(80), put: fc.uint8Array({ maxLength: 80 }) });

  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const mutant = changes.reduce(
        (before, { at, cut, put }) => Buffer.concat([before.subarray(0, at), put, before.subarray(at + cut)]),
        bytes,
      );
      const { lines, problem } = readPack(mutant);
      expect(writePack(lines).equals(mutant) || problem !== undefined).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test.each<[string, PackLine, PackLine]>([
  ['what was fetched later', line({ moment: 2_000 }), line()],
  ['what was written after a removal', line({ generation: 8, moment: 1 }), line({ moment: 9_000 })],
  ['a removal', line({ kind: 'removed', generation: 8, moment: 1 }), line({ moment: 9_000 })],
  ['a secret of its own generation', line({ moment: 1 }), line({ kind: 'removedAll', moment: 9_000 })],
])('of two lines %s counts', (_, winner, loser) => {
  expect(compareLines(winner, loser)).toBeGreaterThan(0);
  expect(compareLines(loser, winner)).toBeLessThan(0);
  expect(compareLines(winner, winner)).toBe(0);
});
