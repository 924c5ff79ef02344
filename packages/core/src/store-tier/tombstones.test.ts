import { expect, test } from 'vitest';
import { isAfter, Tombstones } from './tombstones.ts';

const stage = 'ACSCurrent';
const before = { date: 1_000, now: 1_000 };
const removal = { date: 2_000, now: 2_000 };

test.each([
  ['later by both clocks', { date: 2_001, now: 2_001 }, true],
  ['at the same instant', removal, false],
  ['at the same date', { date: 2_000, now: 2_001 }, false],
  ['at the same time of the clock', { date: 2_001, now: 2_000 }, false],
  ['later by the calendar alone', { date: 3_000, now: 1_000 }, false],
  ['earlier by the calendar alone', { date: 1_000, now: 3_000 }, false],
  ['at a date in the future, whose age is unknown', { date: 9_000, now: undefined }, false],
])('an instant %s', (_, instant, expected) => {
  expect(isAfter(instant, removal)).toBe(expected);
});

test('covers one stage, all stages, or all spellings of a secret', () => {
  const arn = 'acs:kms:cn-hangzhou:1:secret/db';
  const requests = [{ name: 'db', stage }, { name: 'db', stage: 'ACSPrevious' }, { name: arn }, { name: 'other' }];
  const covered = (add: (tombstones: Tombstones) => void): readonly boolean[] => {
    const tombstones = new Tombstones(stage);
    add(tombstones);
    return requests.map((request) => tombstones.covers(request, before));
  };

  expect(covered((tombstones) => tombstones.add({ name: 'db', stage }, removal))).toEqual([true, false, false, false]);
  expect(covered((tombstones) => tombstones.addAll('db', removal))).toEqual([true, true, false, false]);
  expect(covered((tombstones) => tombstones.addRelated('db', removal))).toEqual([true, true, true, false]);
  expect(covered((tombstones) => tombstones.addRelated(arn, removal))).toEqual([true, true, true, false]);
});

test('evicts the oldest tombstone above 10,000', () => {
  const tombstones = new Tombstones(stage);
  for (let index = 0; index < 10_000; index += 1) tombstones.add({ name: `name-${index}` }, removal);
  tombstones.add({ name: 'name-0' }, removal); // the latest one now
  const covers = (index: number): boolean => tombstones.covers({ name: `name-${index}` }, before);
  expect([covers(0), covers(1), covers(2)]).toEqual([true, true, true]);

  tombstones.add({ name: 'name-10000' }, removal);

  expect([covers(0), covers(1), covers(2), covers(10_000)]).toEqual([true, false, true, true]);
});
