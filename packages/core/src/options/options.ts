import type { Credentials, CredentialsProvider } from '../ports/credentials.ts';
import type { SecretHook } from '../ports/hook.ts';
import type { Logger } from '../ports/logger.ts';
import type { SecretStore } from '../ports/store.ts';
import type { FetchFailure, SecretTransport } from '../ports/transport.ts';
import type { FailurePolicy } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';
import type { Clock } from '../time/clock.ts';
import type { Duration } from '../time/duration.ts';
import type { EndpointAddress, EndpointEntry } from './endpoints.ts';
import type { AlicloudProvider, CredentialsFunction, Identity } from './identity.ts';

/** Options of `createSecretClient`. Defaults, bounds and environment variables: see docs/configuration.md. */
export interface SecretClientOptions {
  /**
   * The identity that signs requests: an object with a `type`, an access key, a provider of `@alicloud/credentials`, or a
   * function that returns an access key. Without it, the default credentials chain is used.
   */
  readonly credentials?:
    | Identity
    | Credentials
    | CredentialsProvider
    | CredentialsFunction
    | AlicloudProvider
    | undefined;
  /**
   * The endpoints of KMS in order of preference; the first is the primary. An endpoint is a region id, a host, or an object
   * with `regionId`, `vpc`, `endpoint`, `caFilePath`, `ca` or `ignoreSslCerts`. With `clientKeyFile` it is a KMS instance.
   */
  readonly endpoints?: readonly EndpointEntry[] | undefined;
  /**
   * Path of a configuration file in the format of `secretsmanager.properties`. Without it, a file of that name in the working
   * directory is read if there is one.
   */
  readonly configFile?: string | undefined;
  /**
   * Which source wins if several set an option. `code`: code, environment, file. `official`: environment, file, code.
   * `code-only`: neither the environment nor a file is read.
   */
  readonly precedence?: 'code' | 'official' | 'code-only' | undefined;
  /** The version stage to read if a read names none. */
  readonly stage?: string | undefined;
  /** How long a secret is fresh after it was fetched. A TTL in `secrets` or in the secret itself takes precedence. */
  readonly ttl?: Duration | undefined;
  /** When secrets are refreshed. */
  readonly refresh?: RefreshOptions | undefined;
  /** How long a cached value may be served after its TTL while KMS is unavailable. `0` disables stale reads. */
  readonly staleIfError?: Duration | undefined;
  /**
   * How long an error is cached that a retry would not change, such as "not found", "access denied", a certificate that is not
   * trusted, or a version that `hook.transform` rejected.
   */
  readonly negativeTtl?: Duration | undefined;
  /**
   * How long a secret may stay unread before it is evicted. Instead of its next refresh it is removed from memory. `0` never
   * evicts. A secret with a handle, with a listener of its name or in a `preload` is never evicted as unread.
   */
  readonly idleTtl?: Duration | undefined;
  /** The maximum duration of a read. */
  readonly deadline?: Duration | undefined;
  /** How long a read waits for KMS before it settles for a stale value. */
  readonly staleDeadline?: Duration | undefined;
  /** The maximum duration of one attempt at one endpoint. */
  readonly attemptTimeout?: Duration | undefined;
  /** The maximum time to connect to an endpoint: DNS, TCP and TLS. */
  readonly connectTimeout?: Duration | undefined;
  /** Retries of failed attempts. */
  readonly retry?: RetryOptions | undefined;
  /** Hedging: a slow request is repeated at the next endpoint, and the first response wins. `false` disables it. */
  readonly hedge?: false | HedgeOptions | undefined;
  /** Circuit breakers: an endpoint that keeps failing is skipped until a probe succeeds. `false` disables them. */
  readonly breaker?: false | BreakerOptions | undefined;
  /** Limits on the memory of the client and on its load on KMS. */
  readonly limits?: LimitOptions | undefined;
  /**
   * Where secrets survive a restart: one store, or several in the order in which they are read, such as files on disk and a
   * Redis that a fleet shares. The client closes them when it is closed.
   */
  readonly stores?: SecretStore | readonly SecretStore[] | undefined;
  /** The maximum duration of a store operation. Only the first read of a secret waits for a store. */
  readonly storeTimeout?: Duration | undefined;
  /** The names of the secrets that `ready()` waits for, and that the client keeps fresh until it is closed. */
  readonly preload?: readonly string[] | undefined;
  /** The maximum duration of `ready()`. */
  readonly readyTimeout?: Duration | undefined;
  /** Options of individual secrets, by name. */
  readonly secrets?: Readonly<Record<string, SecretOptions>> | undefined;
  /** Functions that the client calls during a fetch. */
  readonly hook?: SecretHook | undefined;
  /** Receives the log of the client. No log line contains a secret value. */
  readonly logger?: Logger | undefined;
  /** The source of time and randomness. Tests pass a fake one. */
  readonly clock?: Clock | undefined;
}

/** Retries of failed attempts. */
export interface RetryOptions {
  /** The maximum number of attempts per endpoint and fetch, the first one included. */
  readonly maxAttempts?: number | undefined;
  /**
   * The maximum wait before the second attempt. It doubles with each further attempt. The actual wait is random, between zero
   * and this maximum (full jitter).
   */
  readonly baseDelay?: Duration | undefined;
  /** The maximum wait between two attempts. */
  readonly maxDelay?: Duration | undefined;
  /**
   * Your own backoff: returns the wait in milliseconds after failed attempt number `attempt` (from 1, at most 60000), or
   * `undefined` for no further attempt. `maxAttempts` still applies; `baseDelay` and `maxDelay` do not.
   */
  readonly backoff?: ((attempt: number, failure: FetchFailure) => number | undefined) | undefined;
  /**
   * Your own rules for a failure, for example by the KMS error code in `failure.code`: which of `retry`, `failover` and
   * `serveStale` differ from the default. `undefined` changes nothing. A denied, disabled or missing secret is never served, and a
   * rejected identity never drops a secret, whatever the function returns.
   */
  readonly classify?: ((failure: FetchFailure) => Partial<FailurePolicy> | undefined) | undefined;
}

/** When secrets are refreshed. */
export interface RefreshOptions {
  /** The property of a JSON secret that holds its own TTL in milliseconds. `false` ignores such properties. */
  readonly ttlProperty?: string | false | undefined;
  /**
   * Your own TTL of a secret in milliseconds, from 1 second to 365 days; `undefined` for the default. It takes precedence over
   * `ttlProperty`, `secrets` and `ttl`.
   */
  readonly ttlOf?: ((secret: Secret) => number | undefined) | undefined;
  /**
   * Your own refresh time in milliseconds since 1970; `undefined` for the default. The client refreshes at least 1 second from
   * now, and at the latest when the TTL ends.
   */
  readonly nextRefresh?: ((fetched: FetchedTimes) => number | undefined) | undefined;
}

/** A secret that was just fetched, for `refresh.nextRefresh`. */
export interface FetchedTimes {
  readonly secret: Secret;
  /** Milliseconds. */
  readonly ttl: number;
  /** When its request was sent, in milliseconds since 1970. */
  readonly fetchedAt: number;
}

/** Hedging: a slow request is repeated at the next endpoint, and the first response wins. */
export interface HedgeOptions {
  /** How long to wait for an endpoint before the request is sent to the next one in parallel. */
  readonly delay?: Duration | undefined;
  /** The maximum share of fetches that are hedged. Bursts of up to ten hedges are allowed. */
  readonly share?: number | undefined;
}

/** Circuit breakers: an endpoint that keeps failing is skipped until a probe succeeds. */
export interface BreakerOptions {
  /** The number of consecutive failures that open the breaker. */
  readonly failures?: number | undefined;
  /** The share of failed requests in `window` that opens the breaker, after at least 20 requests. */
  readonly failureRate?: number | undefined;
  /** The period over which `failureRate` is measured. */
  readonly window?: Duration | undefined;
  /** How long a breaker stays open before it lets a probe through. Doubles with each failed probe. */
  readonly openTime?: Duration | undefined;
  /** The maximum time that a breaker stays open before the next probe. */
  readonly maxOpenTime?: Duration | undefined;
}

/** Limits on the memory of the client and on its load on KMS. */
export interface LimitOptions {
  /** The maximum number of secrets in memory. The least recently read are evicted first, and pinned ones last. */
  readonly maxEntries?: number | undefined;
  /**
   * The maximum number of secrets that handles, listeners and `preload()` keep fresh, besides those of the option `preload`. A handle
   * or a listener of a further secret works, but does not keep it fresh; the client logs a warning.
   */
  readonly maxPinned?: number | undefined;
  /**
   * The maximum request rate per endpoint. The quota of KMS is 450 reads per second for an account in a region, shared by all
   * its processes. A burst of twice the rate is possible, so the default stays below the quota for
   * one process. With several, divide the quota by their number.
   */
  readonly requestsPerSecond?: number | undefined;
  /**
   * The maximum number of concurrent requests per endpoint. Other requests are queued: reads of known secrets go before reads of
   * new ones and before refreshes. Requests for new secrets leave an eighth for known ones. At most 64, or a quarter if that is more,
   * are sent within 150 ms.
   */
  readonly concurrentRequests?: number | undefined;
}

/** Options of one secret. */
export interface SecretOptions {
  /** How long this secret is fresh after it was fetched. */
  readonly ttl?: Duration | undefined;
  /** Whether `ready()` resolves without this secret. */
  readonly optional?: boolean | undefined;
}

/** Options of one read. */
export interface ReadOptions {
  /** The version stage to read, such as `ACSPrevious`. */
  readonly stage?: string | undefined;
  /** The version to read. */
  readonly versionId?: string | undefined;
  /** Aborts this read: it rejects with the reason of the signal. The fetch continues for other readers. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `SecretClient.refresh`. */
export interface RefreshReadOptions extends ReadOptions {
  /**
   * The version that a service has rejected, such as a database its password. If memory has another one, the refresh returns that
   * without a request. Otherwise it joins a fetch in flight, and sends at most one request per second for the secret. Without a newer
   * version it resolves to this one.
   */
  readonly unlessNewerThan?: string | undefined;
}

/** Options of `SecretClient.ready`. */
export interface ReadyOptions {
  /** Milliseconds. Default: `readyTimeout`. */
  readonly timeout?: number | undefined;
}

/** Options of `SecretClient.preload`. */
export interface PreloadOptions extends ReadyOptions {
  /** The names that need not be in memory. The preload waits for them for at most `staleDeadline`. Default: none. */
  readonly optional?: readonly string[] | undefined;
}

/** Options that have no default value: what happens without them depends on the secret, the endpoint or the machine. */
type WithoutDefault = 'configFile' | 'hook' | 'idleTtl' | 'delay' | 'backoff' | 'classify' | 'ttlOf' | 'nextRefresh';

/** Options whose form inside the client differs from the form that the user writes. */
interface Converted {
  readonly credentials: Identity | CredentialsProvider;
  readonly endpoints: readonly (EndpointAddress | SecretTransport)[];
  readonly secrets: ReadonlyMap<string, ResolvedSecretOptions>;
  readonly stores: readonly SecretStore[];
}

/** Options that are objects of options. */
export type OptionGroup = 'refresh' | 'retry' | 'hedge' | 'breaker' | 'limits';

/** Durations become milliseconds. */
type Resolved<Value> = Duration extends Value ? number : Value;

type ResolvedMembers<Options> = {
  readonly [Key in keyof Options]-?:
    | Resolved<NonNullable<Options[Key]>>
    | (Key extends WithoutDefault ? undefined : never);
};

type ResolvedGroup<Options> = Options extends false ? false : ResolvedMembers<Options>;

/** Options as the client uses them: every option has a value, durations are milliseconds. */
export type ResolvedOptions = {
  readonly [Key in keyof SecretClientOptions]-?: Key extends keyof Converted
    ? Converted[Key]
    : Key extends OptionGroup
      ? ResolvedGroup<NonNullable<SecretClientOptions[Key]>>
      : ResolvedMembers<SecretClientOptions>[Key];
};

export interface ResolvedSecretOptions {
  readonly ttl: number | undefined;
  readonly optional: boolean;
}
