import type { Clock } from '../time/clock.ts';
import type { CredentialsProvider } from '../ports/credentials.ts';

type CredentialPromise = ReturnType<CredentialsProvider['getCredential']>;

interface PendingCall {
  readonly promise: CredentialPromise;
  readonly startedAt: number;
}

/** The age (ms) after which callers do not join a pending call: a provider that hangs once must not block all later reads. */
const maxJoinAge = 15_000;

/**
 * Coalesces concurrent calls of a user's provider into one. `@alicloud/credentials` 2.4.7 would send one request to STS for each
 * caller before the first response.
 *
 * Nothing is cached: the provider decides how long its credentials are valid.
 */
export function sharedProvider(provider: CredentialsProvider, clock: Clock): CredentialsProvider {
  let pending: PendingCall | undefined;
  const start = (): PendingCall => {
    const call: PendingCall = {
      promise: getCredential(provider).finally(() => {
        if (pending === call) pending = undefined;
      }),
      startedAt: clock.now(),
    };
    return call;
  };
  return {
    getCredential() {
      if (pending === undefined || clock.now() - pending.startedAt > maxJoinAge) pending = start();
      return pending.promise;
    },
    discard: (accessKeyId) => provider.discard?.(accessKeyId) ?? false,
  };
}

/** Async, so that a provider that throws synchronously results in a rejected promise. */
async function getCredential(provider: CredentialsProvider): CredentialPromise {
  return provider.getCredential();
}
