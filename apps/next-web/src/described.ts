import { createHash } from 'node:crypto';
import { isSecretError } from '@kms-secrets/next';
import type { Secret } from '@kms-secrets/next';

/** The hash tells two values apart without showing either; of a short value it can be guessed, so keep this service inside. */
export function described(secret: Secret): Response {
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
