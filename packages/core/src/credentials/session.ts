import type { Clock } from '../time/clock.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import type { HttpLogEntry } from './http-log.ts';

/**
 * A provider of `@alicloud/credentials` that fetches sessions (temporary credentials). `refresher` bypasses its cache, which sends
 * too many requests, some of them in parallel.
 */
export interface SessionProvider {
  refresher(): Promise<{
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
    readonly securityToken: string;
    readonly expiration: string;
  }>;
}

/** Fetches a session. `httpLog` is that of the provider: see `logRequests`. */
export async function fetchSession(
  provider: SessionProvider,
  httpLog: readonly HttpLogEntry[],
  clock: Clock,
): Promise<IssuedCredentials> {
  const { accessKeyId, accessKeySecret, securityToken, expiration } = await provider.refresher();
  const credentials = { accessKeyId, accessKeySecret, securityToken };
  // The date of the response is preferred: the local clock may be wrong.
  return { credentials, lifetime: lifetimeOf(expiration, httpLog.at(-1)?.date ?? clock.date()) };
}

/** Returns the milliseconds from `date` to `expiration`; `undefined` if there is no valid `expiration`. */
function lifetimeOf(expiration: unknown, date: number): number | undefined {
  const expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  return Number.isNaN(expiresAt) ? undefined : Math.max(expiresAt - date, 0);
}
