import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('lets callers in up to its limit, and the others in their order', async () => {
  const turns = new Turns(2);
  const started: string[] = [];
  const call = async (name: string): Promise<void> => {
    await turns.wait();
    started.push(name);
  };
  for (const name of ['a', 'b', 'c', 'd', 'e']) void call(name);
  await Promise.resolve();
  expect(started).toEqual(['a', 'b']);

  turns.end();
  await Promise.resolve();
  await Promise.resolve();
  expect(started).toEqual(['a', 'b', 'c']);
  turns.end();
  turns.end();
  await Promise.resolve();
  await Promise.resolve();

  expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a turn that ends without a waiter is free again', () => {
  const turns = new Turns(1);

  expect(turns.wait()).toBeUndefined();
  turns.end();

  expect(turns.wait()).toBeUndefined();
});
