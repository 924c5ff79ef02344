import { healthOptionNames, healthResponse, refuseUnknownOptions } from '@kms-secrets/core';
import type { HealthOptions } from '@kms-secrets/core';
import { connection } from 'next/server.js';
import { getSecretClient, getTestClient } from './process-client.ts';

/**
 * A route handler for a readiness probe of the process's client: 200 with `ok` or `degraded`, 503 with `failing`; never a value.
 * Do not use it as a liveness probe: a restart would lose the values that serve requests while KMS is unavailable.
 *
 *     // app/health/route.ts
 *     export const GET = secretsHealth({ required: ['prod/db'] });
 *
 * Throws `ConfigurationError` for an unknown option.
 */
export function secretsHealth(options: HealthOptions = {}): () => Promise<Response> {
  refuseUnknownOptions(options, 'secretsHealth()', healthOptionNames);
  return async () => {
    // Without it, `cacheComponents` would serve the response of the build.
    if (getTestClient() === undefined) await connection();
    const response = healthResponse(getSecretClient().health(options));
    return Response.json(response.body, response);
  };
}
