import type { ClientDescription, ClientHealth, ClientStats, SecretClient } from '@kms-secrets/next';

/** The state of a client at one moment, as the page shows it. Names, versions and ages; never a value. */
export interface Status extends ClientDescription {
  readonly health: ClientHealth['status'];
  /** Why it is not `ok`. */
  readonly problems: ClientHealth['problems'];
  readonly stats: ClientStats;
}

export function statusOf(client: SecretClient): Status {
  const { status, problems } = client.health();
  return { health: status, problems, ...client.describe(), stats: client.stats() };
}
