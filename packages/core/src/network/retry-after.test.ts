import { expect, onTestFinished, test, vi } from 'vitest';
import { parseHttpDate, retryAfterOf } from './retry-after.ts';

const date = Date.UTC(2026, 0, 2, 3, 4, 5);
const inTwoSeconds = 'Fri, 02 Jan 2026 03:04:07 GMT';

test.each<[string, Record<string, unknown>, number | undefined]>([
  ['milliseconds of KMS', { 'x-acs-retry-after': '300' }, 300],
  ['seconds', { 'retry-after': '3' }, 3_000],
  ['a fraction of a second', { 'retry-after': '0.5' }, 500],
  ['a date', { 'retry-after': inTwoSeconds }, 2_000],
  ['a date in the form of RFC 850', { 'retry-after': 'Friday, 02-Jan-26 03:04:07 GMT' }, 2_000],
  ['a date in the form of asctime', { 'retry-after': 'Fri Jan  2 03:04:07 2026' }, 2_000],
  ['a date by the clock of the server', { 'retry-after': inTwoSeconds, date: 'Fri, 02 Jan 2026 03:04:06 GMT' }, 1_000],
  ['both headers', { 'x-acs-retry-after': '300', 'retry-after': '3' }, 300],
  ['an invalid header of KMS and seconds', { 'x-acs-retry-after': 'soon', 'retry-after': '3' }, 3_000],
  ['a date in the past', { 'retry-after': 'Fri, 02 Jan 2026 03:04:01 GMT' }, undefined],
  ['zero', { 'retry-after': '0' }, undefined],
  ['a negative number', { 'retry-after': '-5' }, undefined],
  ['a word', { 'retry-after': 'soon' }, undefined],
  ['several values', { 'retry-after': ['3', '5'] }, undefined],
  ['nothing', {}, undefined],
])('reads %s', (_, headers, expected) => {
  expect(retryAfterOf(headers, date)).toBe(expected);
});

test('reads a date in the form of asctime as UTC, whatever the time zone of the machine', () => {
  vi.stubEnv('TZ', 'Asia/Shanghai');
  onTestFinished(() => void vi.unstubAllEnvs());

  expect(parseHttpDate('Fri Jan  2 03:04:05 2026')).toBe(date);
});
