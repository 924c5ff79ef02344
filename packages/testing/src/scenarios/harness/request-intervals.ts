import type { FakeKms } from '../../fake-kms/index.ts';

/** The milliseconds between each two requests that came to KMS, by the clock that it shares with the client. */
export function waits(kms: FakeKms): readonly number[] {
  const moments = kms.requests.map(({ at }) => at);
  return moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0));
}
