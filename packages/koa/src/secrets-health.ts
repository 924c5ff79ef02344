import { healthOptionNames, healthResponse, refuseUnknownOptions } from '@kms-secrets/core';
import type { HealthOptions, SecretClient } from '@kms-secrets/core';
import type { ExtendableContext } from 'koa';

/**
 * A route handler for a readiness probe: 200 with `ok` or `degraded`, 503 with `failing`; never a value. Do not use it as a
 * liveness probe: a restart would lose the values that serve requests while KMS is unavailable.
 *
 * Throws `ConfigurationError` for an unknown option.
 */
export function secretsHealth(client: SecretClient, options: HealthOptions = {}): (ctx: ExtendableContext) => void {
  refuseUnknownOptions(options, 'secretsHealth()', healthOptionNames);
  return (ctx) => {
    const { status, headers, body } = healthResponse(client.health(options));
    ctx.status = status;
    ctx.set(headers);
    ctx.body = body;
  };
}
