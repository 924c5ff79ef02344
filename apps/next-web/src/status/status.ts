import { healthOf } from '@kms-secrets/core';
import type { ClientDescription, ClientStats } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/next';

/** All that the page shows, as it was at one moment. Names, versions and ages; never a value. */
export interface Status extends ClientDescription {
  readonly health: 'ok' | 'degraded' | 'failing';
  readonly stats: ClientStats;
}

export function statusOf(client: SecretClient): Status {
  const description = client.describe();
  return { health: healthOf(description).status, ...description, stats: client.stats() };
}
