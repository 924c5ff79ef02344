import type {
  ClientHealth,
  EndpointStatus,
  HealthOptions,
  IdentityStatus,
  SecretCounts,
  SecretStatus,
} from '../secret/status.ts';

/** The parts of a client that its health depends on. */
export interface HealthSource {
  readonly isClosed: boolean;
  readonly counts: SecretCounts;
  readonly identity: IdentityStatus['state'];
  readonly endpoints: readonly EndpointStatus[];
  readonly isInMemory: (name: string) => boolean;
  /** Lists every secret in memory. Slow with many secrets. */
  readonly list: () => readonly SecretStatus[];
}

/** Without `details`, it takes one look-up per required name, however many secrets are in memory. */
export function healthOf(source: HealthSource, options: HealthOptions = {}): ClientHealth {
  const { isClosed, counts, identity, endpoints, isInMemory, list } = source;
  const { required = [], details = false } = options;
  const missing = required.filter((name) => !isInMemory(name));
  const isEmpty = counts.fresh + counts.stale + counts.expired === 0;
  const hasNoSource = isEmpty && endpoints.every(({ state }) => state === 'failing');
  const isFailing = isClosed || hasNoSource || counts.expired > 0 || missing.length > 0;
  const isDegraded =
    identity === 'rejected' ||
    counts.stale > 0 ||
    counts.failing > 0 ||
    endpoints.some(({ state }) => state === 'failing');
  return {
    status: isFailing ? 'failing' : isDegraded ? 'degraded' : 'ok',
    missing,
    counts,
    identity,
    endpoints: endpoints.map(({ endpoint, state }) => ({ endpoint, state })),
    ...(details && {
      secrets: list().map(({ name, versionId, freshness, age }) => ({ name, versionId, freshness, age })),
    }),
  };
}
