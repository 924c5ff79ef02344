import type { Clock } from '../time/clock.ts';
import type { CredentialsProvider } from '../ports/credentials.ts';

type Answer = ReturnType<CredentialsProvider['getCredential']>;

/** Whoever comes later than this does not join those who wait: a provider that hangs once must not hang for ever. */
const longestJoin = 15_000;

/**
 * A provider that the user hands in, asked once for all who ask at the same time. How long its credentials last is its own
 * affair: the next one to come asks it again.
 *
 * `@alicloud/credentials` 2.4.7 itself makes a request to STS for each of the callers that come before the first answer.
 */
export function sharedProvider(provider: CredentialsProvider, clock: Clock): CredentialsProvider {
  let flight: { readonly answer: Answer; readonly startedAt: number } | undefined;
  const ask = (): { readonly answer: Answer; readonly startedAt: number } => {
    const started = { answer: answerOf(provider).finally(() => land()), startedAt: clock.now() };
    const land = (): void => {
      if (flight === started) flight = undefined;
    };
    return started;
  };
  return {
    getCredential() {
      if (flight === undefined || clock.now() - flight.startedAt > longestJoin) flight = ask();
      return flight.answer;
    },
    discard: (accessKeyId) => provider.discard?.(accessKeyId) ?? false,
  };
}

/** One of the user's own may throw before it promises anything. */
async function answerOf(provider: CredentialsProvider): Answer {
  return provider.getCredential();
}
