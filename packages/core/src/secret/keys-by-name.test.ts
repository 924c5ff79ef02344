import { expect, test } from 'vitest';
import { cacheKey } from './cache-key.ts';
import { heapUsed } from './heap-used.fixture.ts';
import { KeysByName } from './keys-by-name.ts';

function keyOf(name: string): string {
  return cacheKey({ name, stage: 'ACSPrevious' }, 'ACSCurrent');
}

test('forgets a key that is deleted', () => {
  const keys = new KeysByName();
  keys.add(keyOf('db'));

  keys.delete(keyOf('db'));

  expect(keys.of('db')).toEqual(['db']);
});

test('needs no memory for names whose keys are deleted', () => {
  const keys = new KeysByName();
  const before = heapUsed();

  for (let index = 0; index < 50_000; index += 1) {
    keys.add(keyOf(`db-${index}`));
    keys.delete(keyOf(`db-${index}`));
  }

  expect(heapUsed() - before).toBeLessThan(5_000_000);
  expect(keys.of('db-0')).toEqual(['db-0']);
});
