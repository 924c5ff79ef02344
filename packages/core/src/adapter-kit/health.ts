import type { ClientDescription, EndpointStatus, SecretStatus } from '../secret/status.ts';

/** Whether a process can serve what it is asked: what a probe wants to know. Names, versions and ages; never a value. */
export interface ClientHealth {
  /** `degraded`: all is served, but something is old, could not be refreshed, or an endpoint fails. */
  readonly status: 'ok' | 'degraded' | 'failing';
  /** The required names that are not in memory. */
  readonly missing: readonly string[];
  readonly secrets: readonly Pick<SecretStatus, 'name' | 'versionId' | 'freshness' | 'age'>[];
  readonly endpoints: readonly Pick<EndpointStatus, 'endpoint' | 'state'>[];
}

/**
 * The health of a client, from what its `describe()` tells.
 *
 * `failing` is a client that is closed, holds nothing and reaches nobody, holds a value too old to be served, or has no
 * value of a name in `required`. Made for readiness, not for liveness: a restart would throw away the very values that keep
 * a process going while KMS is away, which is also why `degraded` is not `failing`.
 */
export function healthOf(
  { isClosed, secrets, endpoints }: ClientDescription,
  required: readonly string[] = [],
): ClientHealth {
  const missing = required.filter((wanted) => !secrets.some(({ name }) => name === wanted));
  const isCutOff = secrets.length === 0 && endpoints.every(({ state }) => state === 'failing');
  const isSpent = secrets.some(({ freshness }) => freshness === 'expired');
  const isFailing = isClosed || isCutOff || isSpent || missing.length > 0;
  const isDegraded =
    endpoints.some(({ state }) => state === 'failing') ||
    secrets.some(({ freshness, lastFailure }) => freshness === 'stale' || lastFailure !== undefined);
  return {
    status: isFailing ? 'failing' : isDegraded ? 'degraded' : 'ok',
    missing,
    secrets: secrets.map(({ name, versionId, freshness, age }) => ({ name, versionId, freshness, age })),
    endpoints: endpoints.map(({ endpoint, state }) => ({ endpoint, state })),
  };
}
