import type { Secret, SecretClient } from '@kms-secrets/core/internal';
import { describeDuration } from '@kms-secrets/core/internal';

/** The warning about a secret that came from a store because KMS is unavailable. */
export function staleWarning(client: SecretClient, { name, versionId }: Secret): string {
  const status = client.describe().secrets.find((each) => each.name === name);
  const age = status?.age === undefined ? '' : `, fetched ${describeDuration(status.age)} ago`;
  const reason = status?.lastFailure === undefined ? '' : ` (${status.lastFailure.code})`;
  return `kms-secrets: KMS is unavailable${reason}: using the stored version ${versionId} of "${name}"${age}.\n`;
}
