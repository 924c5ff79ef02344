import { expect, test } from 'vitest';
import { FairQueue } from './fair-queue.ts';

/** The items in the order of their turns. Each item is its own name. */
function orderOf(...names: readonly string[]): readonly string[] {
  const queue = new FairQueue<string>();
  for (const name of names) queue.add(name, name);
  const order: string[] = [];
  for (let next = queue.first(); next !== undefined; next = queue.first()) {
    order.push(next);
    queue.delete(next);
  }
  expect(queue.size).toBe(0);
  return order;
}

test('takes turns by the first part of the names', () => {
  expect(orderOf('users/1', 'users/2', 'users/3', 'db', 'cache')).toEqual([
    'users/1',
    'db',
    'cache',
    'users/2',
    'users/3',
  ]);
});

test('takes turns by each further part', () => {
  expect(orderOf('prod/users/1', 'prod/users/2', 'prod/users/3', 'prod/db', 'dev/db')).toEqual([
    'prod/users/1',
    'dev/db',
    'prod/db',
    'prod/users/2',
    'prod/users/3',
  ]);
});

test('made-up parts behind a part of the app get no further turns', () => {
  expect(orderOf('users/a/1', 'users/b/1', 'users/c-2', 'users/d.3', 'db-main', 'db-replica')).toEqual([
    'users/a/1',
    'db-main',
    'users/b/1',
    'db-replica',
    'users/c-2',
    'users/d.3',
  ]);
});

test('keeps the order of names without common parts, and of one name', () => {
  const queue = new FairQueue<number>();
  queue.add(1, 'db');
  queue.add(2, 'db');
  queue.add(3, 'db/main');
  queue.delete(1);

  expect(orderOf('c', 'a', 'b')).toEqual(['c', 'a', 'b']);
  expect(queue.first()).toBe(3);
  queue.delete(3);
  expect(queue.first()).toBe(2);
});

test('drops from the names that have the most items, the last one', () => {
  const queue = new FairQueue<string>();
  for (const name of ['db', 'users/1', 'users/2', 'users/3', 'cache']) queue.add(name, name);

  expect(queue.surplus()).toBe('users/3');
});

test('ignores the deletion of an item that it does not have', () => {
  const queue = new FairQueue<string>();
  queue.add('db', 'db');

  queue.delete('cache');

  expect([queue.size, queue.first()]).toEqual([1, 'db']);
});
