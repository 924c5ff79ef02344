import { expiryNotice } from '../endpoint/expiry-monitor.ts';
import { maxNames } from '../memory/memory-status.ts';
import type { MemoryHealth } from '../memory/memory-status.ts';
import type {
  ClientHealth,
  EndpointStatus,
  ExpiryStatus,
  HealthOptions,
  HealthProblem,
  IdentityStatus,
  SecretStatus,
  StoreStatus,
} from '../secret/status.ts';

/** The parts of a client that its health depends on. */
export interface HealthSource {
  readonly isClosed: boolean;
  readonly memory: MemoryHealth;
  readonly identity: IdentityStatus;
  readonly endpoints: readonly EndpointStatus[];
  readonly stores: readonly StoreStatus[];
  readonly expiries: readonly ExpiryStatus[];
  readonly isInMemory: (name: string) => boolean;
  /** Lists every secret. Slow with many secrets. */
  readonly list: () => readonly SecretStatus[];
}

/** A store that dropped an entry less than this time ago (ms) is reported: its key or its format may be wrong. */
const recentlyDropped = 10 * 60_000;

/** Without `details`, it takes one look-up per required name, however many secrets are in memory. */
export function healthOf(source: HealthSource, options: HealthOptions = {}): ClientHealth {
  const { memory, identity, endpoints, stores, isInMemory, list } = source;
  const { required = [], details = false } = options;
  const missing = [...new Set([...memory.required, ...required.filter((name) => !isInMemory(name))])];
  const problems = [...failingProblems(source, missing), ...degradedProblems(source)];
  return {
    status: problems[0]?.status ?? 'ok',
    problems,
    missing,
    counts: memory.counts,
    identity: identity.state,
    endpoints: endpoints.map(({ endpoint, state, failingFor }) => ({ endpoint, state, failingFor })),
    stores: stores.map(({ store, state, failingFor }) => ({ store, state, failingFor })),
    ...(details && {
      secrets: list().map(({ name, versionId, freshness, age }) => ({ name, versionId, freshness, age })),
    }),
  };
}

function failingProblems(source: HealthSource, missing: readonly string[]): readonly HealthProblem[] {
  const { isClosed, memory, endpoints } = source;
  const { fresh, stale, expired } = memory.counts;
  const isEmpty = fresh + stale + expired === 0;
  const failing = endpoints.filter(({ state }) => state === 'failing');
  const problems: HealthProblem[] = [];
  const add = (kind: HealthProblem['kind'], details: Partial<HealthProblem> & Pick<HealthProblem, 'count'>): void => {
    if (details.count > 0) problems.push(problem(kind, 'failing', details));
  };
  add('closed', { count: isClosed ? 1 : 0 });
  // The refusal or outage of a missing secret has started before, or together with the longest one.
  const since = memory.refused.since ?? memory.missing.since;
  add('missing', { count: missing.length, names: missing.slice(0, maxNames), since });
  add('expired', { count: expired, since: memory.failingFor });
  const hasNoSource = isEmpty && failing.length === endpoints.length;
  add('source', { count: hasNoSource ? failing.length : 0, ...failingEndpoints(failing) });
  return problems;
}

function degradedProblems({ memory, identity, endpoints, stores, expiries }: HealthSource): readonly HealthProblem[] {
  const { counts, failingFor, expiresIn } = memory;
  const failing = endpoints.filter(({ state }) => state === 'failing');
  const { rejection } = identity;
  const problems: HealthProblem[] = [];
  const add = (kind: HealthProblem['kind'], details: Partial<HealthProblem> & Pick<HealthProblem, 'count'>): void => {
    if (details.count > 0) problems.push(problem(kind, 'degraded', details));
  };
  add('identity', {
    count: rejection === undefined ? 0 : 1,
    names: rejection === undefined ? [] : [rejection.endpoint],
    since: rejection?.ago,
    expiresIn,
  });
  add('refused', { count: counts.refused, ...memory.refused });
  add('missing', memory.missing);
  add('stale', { count: counts.stale, since: failingFor, expiresIn });
  add('refresh', { count: counts.failing, since: failingFor, expiresIn });
  add('endpoint', { count: failing.length, ...failingEndpoints(failing) });
  const badStores = stores.filter(
    ({ state, lastDropped, foreignKeys }) =>
      state !== 'working' ||
      foreignKeys !== undefined ||
      (lastDropped !== undefined && lastDropped.ago < recentlyDropped),
  );
  add('store', {
    count: badStores.length,
    names: badStores.map(({ store }) => store).slice(0, maxNames),
    since: longest(badStores.map((store) => store.failingFor ?? store.foreignKeys?.ago ?? store.lastDropped?.ago)),
  });
  const expiring = expiries.filter(({ kind, expiresIn: ms }) => kind === 'credentials' || ms < expiryNotice);
  add('expiring', {
    count: expiring.length,
    names: expiring.map(({ name }) => name).slice(0, maxNames),
    since: longest(expiring.map(({ failingFor: ms }) => ms)),
    expiresIn: expiring.length === 0 ? undefined : Math.min(...expiring.map(({ expiresIn: ms }) => ms)),
  });
  add('rotation', memory.rotation);
  return problems;
}

function problem(
  kind: HealthProblem['kind'],
  status: HealthProblem['status'],
  { count, names = [], since, expiresIn }: Partial<HealthProblem> & Pick<HealthProblem, 'count'>,
): HealthProblem {
  return { kind, status, count, names, since, expiresIn };
}

function failingEndpoints(failing: readonly EndpointStatus[]): Pick<HealthProblem, 'names' | 'since'> {
  return {
    names: failing.map(({ endpoint }) => endpoint).slice(0, maxNames),
    since: longest(failing.map(({ failingFor }) => failingFor)),
  };
}

function longest(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce(
    (one, other) => (one === undefined ? other : other === undefined ? one : Math.max(one, other)),
    undefined,
  );
}
