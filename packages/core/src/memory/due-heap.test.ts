import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueHeap, notInHeap } from './due-heap.ts';
import type { HeapItem } from './due-heap.ts';

interface Item extends HeapItem {
  readonly key: number;
}

function item(key: number): Item {
  return { key, dueAt: 0, heapIndex: notInHeap };
}

function drain(heap: DueHeap<Item>, now: number): Item[] {
  const taken: Item[] = [];
  for (let next = heap.take(now); next !== undefined; next = heap.take(now)) taken.push(next);
  return taken;
}

test('takes each item once, in the order of its last due time', () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 30 }),
    at: fc.integer({ min: 0, max: 1_000 }),
    act: fc.constantFrom('set', 'set', 'delete', 'take'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const heap = new DueHeap<Item>();
      const items = Array.from({ length: 31 }, (_, key) => item(key));
      const expected = new Map<Item, number>();
      for (const { key, at, act } of steps) {
        const chosen = items[key] ?? item(key);
        if (act === 'take') {
          const earliest = Math.min(...expected.values());
          const taken = heap.take(at);
          if (taken?.dueAt !== (earliest <= at ? earliest : undefined)) return false;
          if (taken !== undefined) expected.delete(taken);
        } else if (act === 'delete') {
          heap.delete(chosen);
          expected.delete(chosen);
        } else {
          heap.set(chosen, at);
          expected.set(chosen, at);
        }
      }

      const taken = drain(heap, 1_000);

      expect(new Set(taken)).toEqual(new Set(expected.keys()));
      expect(taken.map(({ dueAt }) => dueAt)).toEqual([...expected.values()].toSorted((one, other) => one - other));
      return items.every(({ heapIndex }) => heapIndex === notInHeap);
    }),
  );
});

test('keeps items that are not due yet', () => {
  const heap = new DueHeap<Item>();
  const now = item(1);
  const later = item(2);
  heap.set(later, 20);
  heap.set(now, 10);

  expect(drain(heap, 10)).toEqual([now]);
  expect(heap.next()).toBe(20);
});

test('clear() empties the heap, and its items can be set again', () => {
  const heap = new DueHeap<Item>();
  const again = item(1);
  heap.set(again, 10);

  heap.clear();
  expect(heap.next()).toBeUndefined();
  heap.set(again, 20);

  expect(drain(heap, 20)).toEqual([again]);
});
