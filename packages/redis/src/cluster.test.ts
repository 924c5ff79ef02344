import { Cluster } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { primaryOf, slotOf } from './cluster.ts';

test.each([
  ['123456789', 12_739],
  ['foo{bar}baz', slotOf('bar')],
  ['foo{{bar}}zap', slotOf('{bar')],
  ['foo{bar}{zap}', slotOf('bar')],
  ['', 0],
])('the slot of %s is %i', (key, slot) => {
  expect(slotOf(key)).toBe(slot);
});

test.each(['foo{}{bar}', 'foo{bar', '}bar{'])('without a hash tag, all of %s counts', (key) => {
  expect(slotOf(key)).not.toBe(slotOf('bar'));
});

test('a key has no primary before the slots are known, and its own with the prefix of the client', () => {
  const client = new Cluster(['127.0.0.1:1'], { lazyConnect: true, keyPrefix: 'app:' });
  onTestFinished(() => client.disconnect());

  expect(primaryOf(client, 'key')).toBeUndefined();
  client.slots[slotOf('app:key')] = ['10.0.0.1:6379', '10.0.0.2:6379'];

  expect(primaryOf(client, 'key')).toBe('10.0.0.1:6379');
});
