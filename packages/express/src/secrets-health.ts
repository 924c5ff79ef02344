import type { SecretClient } from '@kms-secrets/core';
import type { RequestHandler } from 'express';

/**
 * Answers whether this process can serve its requests: 200 with `ok` or `degraded` (all is served, but something is old or
 * could not be refreshed), or 503 with `failing`. Names, versions and ages; never a value, and no message with it.
 *
 * For a readiness probe. A liveness probe must not ask this: a restart would throw away the very values that keep the
 * process going while KMS is away, which is also why `degraded` is a 200.
 *
 * Given the middleware instead of the client, it fails as well while a secret is missing that was to be preloaded.
 */
export function secretsHealth(
  source: SecretClient | { readonly client: SecretClient; readonly preload: readonly string[] },
): RequestHandler {
  const { client, preload } = 'client' in source ? source : { client: source, preload: [] };
  return (_req, res) => {
    const { isClosed, secrets, endpoints } = client.describe();
    const missing = preload.filter((wanted) => !secrets.some(({ name }) => name === wanted));
    const isCutOff = secrets.length === 0 && endpoints.every(({ state }) => state === 'failing');
    const isSpent = secrets.some(({ freshness }) => freshness === 'spent');
    const isFailing = isClosed || isCutOff || isSpent || missing.length > 0;
    const isDegraded =
      endpoints.some(({ state }) => state === 'failing') ||
      secrets.some(({ freshness, lastFailure }) => freshness === 'stale' || lastFailure !== undefined);
    res.set('cache-control', 'no-store').status(isFailing ? 503 : 200);
    res.json({
      status: isFailing ? 'failing' : isDegraded ? 'degraded' : 'ok',
      missing,
      secrets: secrets.map(({ name, versionId, freshness, age }) => ({ name, versionId, freshness, age })),
      endpoints: endpoints.map(({ endpoint, state }) => ({ endpoint, state })),
    });
  };
}
