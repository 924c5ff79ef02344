import { expect, test } from 'vitest';
import { RoundDelays } from './round-delays.ts';

const rejectedAt = Date.parse('2026-03-01T12:00:00.400Z');
const usual = [0, 1_000, 3_000, 7_000, 15_000];

/** The starts of the rounds, in milliseconds since the rejection. */
function starts(delays: RoundDelays): readonly number[] {
  let start = 0;
  return Array.from({ length: 5 }, (_, rounds) => (start += delays.after(rounds)));
}

/** A search that ended after `elapsed` ms, for a version that KMS published at `rotatedAt`. */
function search(elapsed: number, rounds: number, rotatedAt: string | undefined) {
  const since = { now: 5_000, date: rejectedAt };
  return {
    since,
    endedAt: 5_000 + elapsed,
    rounds,
    rotatedAt: rotatedAt === undefined ? undefined : Date.parse(rotatedAt),
  };
}

const threeSeconds = search(7_010, 4, '2026-03-01T12:00:03Z'); // the date is up to a second early

test('the delays double up to 8 s', () => {
  expect(starts(new RoundDelays())).toEqual(usual);
});

test('the second round starts after the time of the last rotation, and the next ones soon after', () => {
  const delays = new RoundDelays();
  delays.learn(threeSeconds);

  expect(starts(delays)).toEqual([0, 3_850, 4_850, 6_850, 10_850]);
});

test.each([
  ['a version that the second round has found', search(1_010, 2, '2026-03-01T12:00:01Z')],
  ['a version of before the rejection', search(3_010, 3, '2026-01-01T12:00:00Z')],
  ['a secret that KMS does not rotate', search(3_010, 3, undefined)],
  ['a date that is no date', search(3_010, 3, 'soon')],
  ['a clock that is late', search(3_010, 3, '2026-03-01T12:01:00Z')],
])('%s changes nothing', (_, ended) => {
  const delays = new RoundDelays();
  delays.learn(ended);

  expect(starts(delays)).toEqual(usual);
});

test('the second round starts before three quarters of the shortest patience', () => {
  const delays = new RoundDelays();
  for (const patience of [20_000, 4_000, 10_000]) delays.limit(patience);
  delays.learn(threeSeconds);

  expect(delays.after(1)).toBe(3_000);
});

test('a rotation that takes less time shortens the delay again', () => {
  const delays = new RoundDelays();
  delays.learn(threeSeconds);

  delays.learn(search(3_860, 2, '2026-03-01T12:00:00Z'));

  expect(starts(delays)).toEqual(usual);
});
