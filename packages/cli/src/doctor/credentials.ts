import { describeDuration, safeMessage } from '@kms-secrets/core/internal';
import type { ClientInspection } from '@kms-secrets/core/internal';
import { messageOf } from './failure.ts';
import type { Check } from './check.ts';
import { failed, ok, skipped } from './check.ts';

/**
 * Whether there are credentials, from which link of the chain, and until when. Requests temporary ones from their issuer. KMS checks
 * them with the first secret.
 */
export async function checkCredentials(inspection: ClientInspection): Promise<readonly Check[]> {
  const { identity, renewals, endpoints, issues } = inspection;
  if (identity === undefined) {
    const usesKeys = endpoints.length > 0 && issues.length === 0;
    return usesKeys ? [] : [skipped('credentials', '', 'The configuration has an error.')];
  }
  if (identity.credentials === undefined) return [ok('credentials', '', nameOf(identity.describeIdentity))];
  try {
    await identity.credentials.getCredential();
  } catch (error) {
    return [failed('credentials', '', messageOf(error) ?? safeMessage(error))];
  }
  const [renewal] = renewals.values();
  const { expiresIn } = renewal ?? {};
  const validity = expiresIn === undefined ? '' : `; valid for ${describeDuration(expiresIn)}, and renewed before`;
  return [ok('credentials', '', `${nameOf(identity.describeIdentity)}${validity}`)];
}

function nameOf(describeIdentity: (() => string) | undefined): string {
  return describeIdentity?.().replace(/^Identity: |\.$/gu, '') ?? 'a provider';
}
