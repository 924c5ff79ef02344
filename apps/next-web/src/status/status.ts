import type { ClientDescription, ClientHealth, ClientStats, SecretClient } from '@kms-secrets/next';

/** The state of a client at one moment, as the page shows it. Names, versions and ages; never a value. */
export interface Status extends ClientDescription {
  readonly health: ClientHealth['status'];
  readonly stats: ClientStats;
}

export function statusOf(client: SecretClient): Status {
  return { health: client.health().status, ...client.describe(), stats: client.stats() };
}
