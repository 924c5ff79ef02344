import { healthAnswer, healthOf } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import type { RequestHandler } from 'express';

/**
 * Answers whether this process can serve its requests: 200 with `ok` or `degraded`, or 503 with `failing`, and names,
 * versions and ages. For a readiness probe; a liveness probe must not ask this, see `healthOf`.
 *
 * Given the middleware instead of the client, it fails as well while a secret is missing that was to be preloaded.
 */
export function secretsHealth(
  source: SecretClient | { readonly client: SecretClient; readonly preload: readonly string[] },
): RequestHandler {
  const { client, preload } = 'client' in source ? source : { client: source, preload: [] };
  return (_req, res) => {
    const { status, headers, body } = healthAnswer(healthOf(client.describe(), preload));
    res.status(status).set(headers).json(body);
  };
}
