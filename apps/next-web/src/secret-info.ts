import { createHash } from 'node:crypto';
import { isSecretError } from '@kms-secrets/next';
import type { Secret } from '@kms-secrets/next';

/** The hash shows whether two values differ. A short value can be guessed from it, so do not expose this service. */
export function secretInfo(secret: Secret): Response {
  const sha256 = createHash('sha256').update(contentOf(secret)).digest('hex');
  const { name, versionId, stale } = secret;
  return Response.json({ name, versionId, stale, sha256 }, { headers: { 'cache-control': 'no-store' } });
}

function contentOf(secret: Secret): string | Uint8Array {
  try {
    return secret.text();
  } catch (error) {
    if (isSecretError(error, 'ERR_SECRET_TYPE')) return secret.bytes();
    throw error;
  }
}
