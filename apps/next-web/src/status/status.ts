import { healthOf } from '@kms-secrets/core';
import type { ClientStats, EndpointStatus, SecretStatus } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/next';

/** All that the page shows, as it was at one moment. Names, versions and ages; never a value. */
export interface Status {
  readonly health: 'ok' | 'degraded' | 'failing';
  readonly isClosed: boolean;
  readonly secrets: readonly SecretStatus[];
  readonly endpoints: readonly EndpointStatus[];
  readonly stats: ClientStats;
}

export function statusOf(client: SecretClient): Status {
  const description = client.describe();
  return { health: healthOf(description).status, ...description, stats: client.stats() };
}
