import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { Locations } from './locations.ts';

function keyOf(id: string): { readonly id: string; readonly hashKey: ReturnType<typeof createSecretKey> } {
  return { id, hashKey: createSecretKey(Buffer.from(id.repeat(2))) };
}

const [one, two] = [keyOf('a'.repeat(16)), keyOf('b'.repeat(16))];

test('keeps the locations of the last 1,024 requests', () => {
  const locations = new Locations([one, two]);
  const first = locations.of({ name: 'first' });

  for (let index = 0; index < 1_023; index += 1) locations.of({ name: `other-${index}` });

  expect(locations.of({ name: 'first' })).toBe(first);
});

test('keeps a request that is repeated, and forgets the others', () => {
  const locations = new Locations([one]);
  const [repeated, once] = [locations.of({ name: 'repeated' }), locations.of({ name: 'once' })];

  for (let index = 0; index < 4_096; index += 1) {
    locations.of({ name: `other-${index}` });
    if (index % 512 === 0) locations.of({ name: 'repeated' });
  }

  expect(locations.of({ name: 'repeated' })).toBe(repeated);
  expect(locations.of({ name: 'once' })).not.toBe(once);
  expect(locations.of({ name: 'once' })).toEqual(once);
});

test('tells requests apart that differ in one part only', () => {
  const locations = new Locations([one]);
  const requests = [
    { name: 'db' },
    { name: 'db', stage: 'v1' },
    { name: 'db', versionId: 'v1' },
    { name: 'db', stage: 'v1', versionId: 'v1' },
    { name: 'db","v1' },
  ];

  const hashes = [...requests, ...requests].map((request) => locations.of(request)[0].requestHash);

  expect(new Set(hashes).size).toBe(requests.length);
});
