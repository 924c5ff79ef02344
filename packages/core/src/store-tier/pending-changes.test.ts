import { expect, test } from 'vitest';
import { heapUsed } from '../secret/heap-used.fixture.ts';
import { PendingChanges } from './pending-changes.ts';
import type { PendingChange } from './pending-changes.ts';

function removal(name: string): PendingChange {
  const removedAt = { now: 0, date: 0 };
  return { change: { kind: 'remove', request: { name }, removedAt }, attempts: 0, completedBefore: 0, settle() {} };
}

test('finds the changes of one secret until they are taken', () => {
  const changes = new PendingChanges();
  changes.add('db', removal('db'));
  changes.add('db blue', removal('db'));

  changes.take('db');

  expect(changes.idsOf('db')).toEqual(['db blue']);
  changes.take('db blue');
  expect(changes.idsOf('db')).toEqual([]);
});

test('needs no memory for the names of changes that are done', () => {
  const changes = new PendingChanges();
  const before = heapUsed();

  for (let index = 0; index < 50_000; index += 1) {
    changes.add(`db-${index}`, removal(`db-${index}`));
    changes.take(`db-${index}`);
  }

  expect(heapUsed() - before).toBeLessThan(5_000_000);
  expect(changes.size).toBe(0);
});
