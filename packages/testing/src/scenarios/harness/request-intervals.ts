import type { FakeKms } from '../../fake-kms/index.ts';

/** The milliseconds between consecutive requests to KMS, on the clock that KMS shares with the client. */
export function requestIntervals(kms: FakeKms): readonly number[] {
  const times = kms.requests.map(({ at }) => at);
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}
