import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueHeap } from './due-heap.ts';

function drain(heap: DueHeap, now: number): string[] {
  const taken: string[] = [];
  for (let key = heap.take(now); key !== undefined; key = heap.take(now)) taken.push(key);
  return taken;
}

test('whatever is set, set again and deleted, keys come out once each, in the order of their last time', () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 30 }),
    at: fc.integer({ min: 0, max: 1_000 }),
    isDelete: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const heap = new DueHeap();
      const expected = new Map<string, number>();
      for (const { key, at, isDelete } of steps) {
        if (isDelete) heap.delete(`k${key}`);
        else heap.set(`k${key}`, at);
        if (isDelete) expected.delete(`k${key}`);
        else expected.set(`k${key}`, at);
      }

      const times = drain(heap, 1_000).map((key) => [key, expected.get(key)]);

      expect(times.length).toBe(expected.size);
      expect(times.map(([, at]) => at)).toEqual([...expected.values()].toSorted((one, other) => one - other));
    }),
  );
});

test('what is not due yet stays', () => {
  const heap = new DueHeap();
  heap.set('later', 20);
  heap.set('now', 10);

  expect(drain(heap, 10)).toEqual(['now']);
  expect(heap.next()).toBe(20);
  expect(heap.at('later')).toBe(20);
});
