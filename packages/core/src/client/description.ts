import type { ClientDescription, ClientStats, DescribeOptions } from '../secret/status.ts';
import { totalsOf } from '../secret/counters.ts';
import type { ClientParts } from './client-parts.ts';

/** What `SecretClient.stats` returns. */
export function statsOf({ counters, memory, endpoints, storeTier, fetcher }: ClientParts): ClientStats {
  return {
    ...totalsOf(counters),
    ...memory.status.counts,
    ...endpoints.counts,
    storeFailures: storeTier.failures,
    inFlight: fetcher.inFlight,
  };
}

/** What `SecretClient.describe` returns. */
export function descriptionOf(
  { closing, memory, endpoints, storeTier, expiry }: ClientParts,
  { secrets = true }: DescribeOptions = {},
): ClientDescription {
  return {
    isClosed: closing.signal.aborted,
    identity: endpoints.identity,
    secrets: secrets ? memory.status.describe() : [],
    endpoints: endpoints.describe(),
    stores: storeTier.describe(),
    expiries: expiry.status(),
    oldestAge: memory.status.oldestAge,
  };
}
