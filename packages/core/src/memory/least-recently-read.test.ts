import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../secret/secret.ts';
import type { Ticks } from '../time/ticks.ts';
import { Entry } from './entry.ts';
import { LeastRecentlyRead } from './least-recently-read.ts';

const secret = new Secret({ name: 'db', versionId: 'v1', value: 's3cret-db', dataType: 'text' });

/** `readAt`: in ticks. */
function entry(key: string, readAt: number): Entry {
  return new Entry({ key, secret, fetchedAt: 0, ttl: 1_000, readAt: readAt as Ticks });
}

test('selects the entry that was stored first of those read in the same tick', () => {
  const entries = new Map(['a', 'b', 'c'].map((key) => [key, entry(key, 7)]));
  const least = new LeastRecentlyRead(entries, new Set());

  expect(least.next('c')).toBe('a');
});

test('selects the least recently read entry after any sequence of changes', () => {
  const act = fc.record({
    key: fc.integer({ min: 0, max: 200 }).map(String),
    kind: fc.constantFrom('read', 'read', 'read', 'add', 'evict', 'drop'),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 300 }), (acts) => {
      const entries = new Map<string, Entry>();
      for (let key = 0; key < 100; key += 1) entries.set(String(key), entry(String(key), key));
      const least = new LeastRecentlyRead(entries, new Set());
      for (const [index, { key, kind }] of acts.entries()) {
        const now = 1_000 + index;
        const present = entries.get(key);
        if (kind === 'read' && present !== undefined) present.readAt = now as Ticks;
        if (kind === 'add') entries.set(key, entry(key, now));
        if (kind === 'drop') entries.delete(key);
        if (kind !== 'evict' || entries.size === 0) continue;
        const chosen = least.next('');
        const oldest = Math.min(...[...entries.values()].map(({ readAt }) => readAt));
        if (entries.get(chosen ?? '')?.readAt !== oldest) return false;
        entries.delete(chosen ?? '');
      }
      return true;
    }),
  );
});

test('selects protected entries only when no other is left', () => {
  const entries = new Map(['a', 'b', 'c'].map((key, index) => [key, entry(key, index)]));
  const least = new LeastRecentlyRead(entries, new Set(['a']));

  expect(least.next('')).toBe('b');
  entries.delete('b');
  expect(least.next('c')).toBe('a');
});

test('selects nothing if only the excepted entry is left', () => {
  const least = new LeastRecentlyRead(new Map([['a', entry('a', 0)]]), new Set());

  expect(least.next('a')).toBeUndefined();
});
