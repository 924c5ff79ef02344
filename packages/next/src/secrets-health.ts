import { healthAnswer, healthOf } from '@kms-secrets/core';
import { connection } from 'next/server.js';
import { getSecretClient } from './process-client.ts';

/**
 * A route handler for a readiness probe: 200 with `ok` or `degraded` (all is served, but something is old or could not be
 * refreshed), or 503 with `failing`. Names, versions and ages; never a value, and no message with it.
 *
 *     // app/health/route.ts
 *     export { secretsHealth as GET } from '@kms-secrets/next';
 *
 * Not for a liveness probe: a restart would throw away the very values that keep the process going while KMS is away.
 */
export async function secretsHealth(): Promise<Response> {
  // Else, with `cacheComponents`, the answer of the build would be everybody's.
  await connection();
  const answer = healthAnswer(healthOf(getSecretClient().describe()));
  return Response.json(answer.body, answer);
}
