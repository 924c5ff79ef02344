import type { SecretErrorCode } from './errors.ts';
import type { FailureName } from './failures.ts';

/** The state of an endpoint. */
export interface EndpointStatus {
  /** The host of the endpoint. */
  readonly endpoint: string;
  /** Whether the last attempt failed; `unknown` before the first one. A refusal by KMS is a response of a healthy endpoint. */
  readonly state: 'unknown' | 'healthy' | 'failing';
  /** Attempts so far. */
  readonly attempts: number;
  /** Failed attempts so far. */
  readonly failures: number;
  /** Those attempts by kind, and the refusals of KMS. */
  readonly failuresByKind: Readonly<Partial<Record<FailureName, number>>>;
  /** Attempts in flight. */
  readonly inFlight: number;
  /** Attempts that wait for the rate limiter. */
  readonly queued: number;
  /** `closed`: used normally. `open`: skipped because it keeps failing. `half-open`: a probe is in flight. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Milliseconds until the open breaker allows a probe, which the next fetch sends; `undefined` unless it is open. */
  readonly probeIn: number | undefined;
  /** Probes so far. */
  readonly probes: number;
  /** Milliseconds during which the other endpoints are tried first, because this one is throttled; `undefined` if it is not. */
  readonly cooldownFor: number | undefined;
  /** Hedged requests sent to this endpoint because another one was slow. */
  readonly hedges: number;
  /** Hedged requests to this endpoint that responded first. */
  readonly hedgesWon: number;
  /** The 95th percentile of its recent response times in milliseconds; `undefined` below 20 samples. */
  readonly p95: number | undefined;
  /** Milliseconds since it returned a secret; `undefined` before the first one. */
  readonly sinceSuccess: number | undefined;
  /** Milliseconds since the first of the consecutive failures; `undefined` unless it is failing. */
  readonly failingFor: number | undefined;
  /** `ago` is in milliseconds. */
  readonly lastFailure: { readonly failure: FailureName; readonly message: string; readonly ago: number } | undefined;
}

/** Whether KMS accepts the identity of the client: its access key, client key, token and clock. */
export interface IdentityStatus {
  /** `unknown` before the first response. `rejected`: by at least one endpoint, or by the issuer of its credentials. */
  readonly state: 'unknown' | 'accepted' | 'rejected';
  /** The rejection by the first endpoint that rejects it. `ago`: milliseconds since it started. */
  readonly rejection:
    | {
        readonly endpoint: string;
        /** The error code of KMS or STS, such as `InvalidAccessKeyId.NotFound`. */
        readonly code: string | undefined;
        readonly message: string;
        readonly ago: number;
      }
    | undefined;
}

/**
 * The state of one secret, without its value. Times are in milliseconds. The fields of a secret that is not in memory, `refused` or
 * `missing`, are `undefined` where there is nothing to report.
 */
export interface SecretStatus {
  /** Name or ARN, as it was requested. */
  readonly name: string;
  readonly stage: string | undefined;
  /** Of a refused secret: the last version that was in memory. */
  readonly versionId: string | undefined;
  readonly type: string | undefined;
  /** The time since its fetch. */
  readonly age: number | undefined;
  /** The time since KMS rotated the secret to the version in memory; `undefined` for a secret that KMS does not rotate. */
  readonly versionAge: number | undefined;
  /**
   * The time from the rotation in KMS to the arrival of the version here. `undefined` unless KMS rotates the secret and this client has
   * seen the rotation.
   */
  readonly rotationLag: number | undefined;
  readonly ttl: number | undefined;
  /**
   * By age: `fresh` < TTL <= `stale` < TTL + staleIfError <= `expired`. `refused`: KMS refuses a secret that was in memory or is
   * pinned. `missing`: the secret is pinned and has not been fetched.
   */
  readonly freshness: 'fresh' | 'stale' | 'expired' | 'refused' | 'missing';
  /** The time until the value is no longer served, unless it is refreshed before; 0 if it has expired. */
  readonly expiresIn: number | undefined;
  /** The time since its last read, accurate to 50 ms. */
  readonly lastReadAgo: number | undefined;
  /** The number of handles, listeners and preloads that keep it in memory and fresh. */
  readonly pinned: number;
  /** `undefined` while its refresh is in flight. */
  readonly nextRefreshIn: number | undefined;
  /** The rotation that KMS has announced. `undefined` for a secret without automatic rotation. */
  readonly rotation:
    | {
        /** Milliseconds since 1970. */
        readonly nextAt: number;
        /** The date was 15 minutes ago or earlier, and this is still the version from before. */
        readonly isMissed: boolean;
      }
    | undefined;
  /** Why it could not be fetched; `undefined` after a successful fetch. */
  readonly lastFailure:
    | {
        readonly code: SecretErrorCode;
        readonly message: string;
        /** The time since the last failure. */
        readonly ago: number;
        /** The time since the first of the consecutive failures. */
        readonly failingFor: number;
        /** Consecutive failed fetches; 0 while the first one is still retrying. */
        readonly times: number;
      }
    | undefined;
}

/** The state of a store. Times are in milliseconds. */
export interface StoreStatus {
  /** `SecretStore.name`. */
  readonly store: string;
  /**
   * `unavailable`: it keeps failing and is skipped, except for probes. `partlyUnavailable`: a part of it is, such as a node of a
   * cluster, and it is used for all other secrets.
   */
  readonly state: 'working' | 'failing' | 'partlyUnavailable' | 'unavailable';
  /** The parts that are unavailable. */
  readonly unavailableParts: readonly string[];
  /** Writes and removals that wait in its queue. */
  readonly queued: number;
  /** The time since the first of the consecutive failures; `undefined` if it works. */
  readonly failingFor: number | undefined;
  /** Entries that were dropped because they are corrupt or belong to another key or format. */
  readonly dropped: number;
  readonly lastDropped: { readonly message: string; readonly ago: number } | undefined;
  readonly lastFailure: { readonly message: string; readonly ago: number } | undefined;
  /** `SecretStore.keyIds`: the ids of its encryption keys. The first one seals. Empty before they are derived. */
  readonly keyIds: readonly string[];
  /** Keys in use that this process does not have. `ago`: the time since the first of them was seen. */
  readonly foreignKeys:
    | { readonly keyIds: readonly string[]; readonly message: string; readonly ago: number }
    | undefined;
}

/** Something that the client needs to reach KMS and that expires. Times are in milliseconds. */
export interface ExpiryStatus {
  /** `credentials`: temporary credentials that could not be renewed. `clientKey`, `ca`: a client key, a certificate authority. */
  readonly kind: 'credentials' | 'clientKey' | 'ca';
  readonly name: string;
  /** Negative if it has expired. */
  readonly expiresIn: number;
  /** Why credentials could not be renewed. */
  readonly lastFailure: string | undefined;
  /** The time since credentials could not be renewed. */
  readonly failingFor: number | undefined;
}

/** The state of a client: what `describe()` returns. */
export interface ClientDescription {
  readonly isClosed: boolean;
  readonly identity: IdentityStatus;
  /** In memory, and those that are not: refused and missing secrets come first. */
  readonly secrets: readonly SecretStatus[];
  readonly endpoints: readonly EndpointStatus[];
  readonly stores: readonly StoreStatus[];
  /** Client keys, certificate authorities, and temporary credentials that could not be renewed. */
  readonly expiries: readonly ExpiryStatus[];
  /** The time since the fetch of the oldest value in memory, in milliseconds; `undefined` if memory is empty. */
  readonly oldestAge: number | undefined;
}

/** Options of `SecretClient.describe`. */
export interface DescribeOptions {
  /** Whether to list the secrets. Default: `true`. Metrics of 100,000 secrets need no list. */
  readonly secrets?: boolean | undefined;
}

/** The number of secrets by freshness, accurate to one second. */
export interface SecretCounts {
  readonly fresh: number;
  readonly stale: number;
  /** Past TTL + `staleIfError`: never served. */
  readonly expired: number;
  /** Secrets in memory, of any freshness, whose last refresh failed. */
  readonly failing: number;
  /** Not in memory, because KMS refuses them. Only secrets that were in memory or are pinned. */
  readonly refused: number;
  /** Pinned, and neither in memory nor refused. */
  readonly missing: number;
}

/** Options of `SecretClient.health`. */
export interface HealthOptions {
  /**
   * The client is `failing` without these names, in its own stage. The option `preload` of the client and the names of
   * `client.preload()` are always required, except optional ones.
   */
  readonly required?: readonly string[] | undefined;
  /** Whether to list every secret. Default: `false`; a probe does not need a list of 100,000 secrets. */
  readonly details?: boolean | undefined;
}

/** One reason why a client is not `ok`: what is wrong, since when and how bad it is. Times are in milliseconds. */
export interface HealthProblem {
  /**
   * - `closed`: the client is closed
   * - `missing`: required secrets are not in memory, or pinned ones cannot be fetched
   * - `refused`: KMS refuses secrets that were in use
   * - `expired`, `stale`: secrets past TTL + `staleIfError`, or past their TTL
   * - `refresh`: secrets whose last refresh failed
   * - `source`: memory is empty and every endpoint fails
   * - `identity`: KMS rejects the credentials of the client
   * - `endpoint`: endpoints that fail
   * - `store`: stores that fail, that dropped an entry in the last ten minutes, or that are in use with foreign keys
   * - `expiring`: credentials that could not be renewed, or a client key or certificate authority that expires within seven days
   * - `rotation`: secrets that KMS has not rotated at the announced date
   */
  readonly kind:
    | 'closed'
    | 'missing'
    | 'refused'
    | 'expired'
    | 'stale'
    | 'refresh'
    | 'source'
    | 'identity'
    | 'endpoint'
    | 'store'
    | 'expiring'
    | 'rotation';
  readonly status: 'degraded' | 'failing';
  /** How many secrets, endpoints or stores. */
  readonly count: number;
  /** Up to ten of their names. Empty if listing them would take a look at every secret. */
  readonly names: readonly string[];
  /** The time since it started; `undefined` if that is unknown. */
  readonly since: number | undefined;
  /** The time until the first secret, credential or certificate of them expires; `undefined` if nothing expires. */
  readonly expiresIn: number | undefined;
}

/** Whether a client can serve secrets: what `health()` returns. Names, versions and ages; never a value. */
export interface ClientHealth {
  /**
   * `failing`: the client is closed, a required secret is missing, a secret is expired, or memory is empty while every endpoint
   * fails. `degraded`: anything else in `problems`.
   */
  readonly status: 'ok' | 'degraded' | 'failing';
  /** Why it is not `ok`, the worst first. */
  readonly problems: readonly HealthProblem[];
  /** The required names that are not in memory, refused or not. */
  readonly missing: readonly string[];
  readonly counts: SecretCounts;
  /** Whether KMS accepts the identity of the client. `describe()` has the reason. */
  readonly identity: IdentityStatus['state'];
  readonly endpoints: readonly Pick<EndpointStatus, 'endpoint' | 'state' | 'failingFor'>[];
  readonly stores: readonly Pick<StoreStatus, 'store' | 'state' | 'failingFor'>[];
  /** Every secret, in memory or not; only with `details`. */
  readonly secrets?: readonly Pick<SecretStatus, 'name' | 'versionId' | 'freshness' | 'age'>[];
}

/** Counters since the client was created: what `stats()` returns. */
export interface ClientStats {
  /** Reads served from memory with a fresh value. */
  readonly hits: number;
  /** Reads that waited for a fetch, of their own or shared with other reads. */
  readonly misses: number;
  /** Reads served with a stale value. */
  readonly staleReads: number;
  /** Fetches. Each makes any number of attempts; none if a store has the secret. */
  readonly fetches: number;
  /** Fetches that failed. */
  readonly failedFetches: number;
  /** Refreshes that returned a new version. */
  readonly rotations: number;
  /** Fetches of secrets that were not in memory, for which a store had the secret, fresh or stale. */
  readonly storeHits: number;
  /** Fetches of secrets that were not in memory, for which no store had the secret. */
  readonly storeMisses: number;
  /** Store operations that failed. */
  readonly storeFailures: number;
  /** Secrets in memory now. */
  readonly secrets: number;
  /** Secrets that a handle, a listener or a preload keeps fresh now, in memory or not. */
  readonly pinned: number;
  /** Errors that are cached now; see `negativeTtl`. */
  readonly cachedErrors: number;
  /** Fetches in flight now. */
  readonly inFlight: number;
  /** Requests to KMS: attempts at all endpoints. */
  readonly requests: number;
  /** Requests to KMS per second, over the last minute. Compare it with the quota of the account, divided by the number of processes. */
  readonly requestsPerSecond: number;
  /** Failed attempts by kind. Refusals of KMS are counted too. */
  readonly failures: Readonly<Record<FailureName, number>>;
  /** Hedged requests: sent because another endpoint was slow. */
  readonly hedges: number;
  /** Hedged requests that responded first. */
  readonly hedgesWon: number;
  /** Probes of endpoints whose circuit breaker was open. */
  readonly probes: number;
}
