import type { Clock } from '../time/clock.ts';
import { systemClock } from '../time/clock.ts';
import type { Credentials, CredentialsProvider } from '../ports/credentials.ts';
import type { EndpointAddress, EndpointEntry } from './endpoints.ts';
import { endpointList } from './endpoints.ts';
import type { SecretHook } from '../ports/hook.ts';
import type { AlicloudProvider, Identity } from './identity.ts';
import { identityRow } from './identity.ts';
import type { Logger } from '../ports/logger.ts';
import { silentLogger } from '../ports/logger.ts';
import { parseNames, parseStores, parseText, shape, text } from './parsers.ts';
import type { Duration, OptionRow, Parsed, Refusal } from './rows.ts';
import { count, duration, flag, kindOf, layerOf, oneOf, parsed, resolve, share } from './rows.ts';
import type { SecretStore } from '../ports/store.ts';
import type { SecretTransport } from '../ports/transport.ts';

/** What can be set when a client is created. Defaults, bounds and variables: see docs/configuration.md. */
export interface SecretClientOptions {
  /** Who asks KMS: an identity by its `type`, an access key, or any provider of `@alicloud/credentials`. */
  readonly credentials?: Identity | Credentials | CredentialsProvider | AlicloudProvider | undefined;
  /**
   * Where KMS is asked, in this order: region ids, hosts, or objects with `regionId`, `vpc`, `endpoint`, `caFilePath`,
   * `ignoreSslCerts`; with `clientKeyFile` (and its password) as a KMS instance, by its own API.
   */
  readonly endpoints?: readonly EndpointEntry[] | undefined;
  /** A file in the form of `secretsmanager.properties`; without it, one of that name in the working directory is read. */
  readonly configFile?: string | undefined;
  /** Who wins where code, environment and file set the same: `code` in that order, `reference` as the official clients. */
  readonly precedence?: 'code' | 'reference' | undefined;
  /** How long a secret is served before it must have been fetched again. What a secret itself or `secrets` says wins. */
  readonly ttl?: Duration | undefined;
  /** The property of a JSON secret that holds its own TTL in milliseconds; `false`: secrets have none. */
  readonly ttlProperty?: string | false | undefined;
  /** How long past its TTL an old value may be served while KMS cannot be reached. */
  readonly staleIfError?: Duration | undefined;
  /** How long a refusal (not found, denied) is remembered before KMS is asked again. */
  readonly negativeTtl?: Duration | undefined;
  /** The longest a read may take. */
  readonly deadline?: Duration | undefined;
  /** How long a fetch may go without an answer before reads that have an old value to serve wait for it no longer. */
  readonly staleDeadline?: Duration | undefined;
  /** The longest a fetch may take, all tries and waits included; readers leave it earlier, at their `deadline`. */
  readonly refreshDeadline?: Duration | undefined;
  /** The longest one try at one endpoint may take. */
  readonly attemptTimeout?: Duration | undefined;
  /** The longest that connecting to an endpoint may take. */
  readonly connectTimeout?: Duration | undefined;
  /** How often each endpoint is asked in one fetch, the first time included. */
  readonly tries?: number | undefined;
  /** The most that is waited before the second try; doubled for each one after it, and drawn at random below that. */
  readonly backoffBase?: Duration | undefined;
  /** The most that is waited between two tries. */
  readonly backoffCap?: Duration | undefined;
  /** Who is asked first: the endpoint given first, or the one whose TCP connections take the least time. */
  readonly endpointOrder?: 'given' | 'measured' | undefined;
  /** Whether a second endpoint is asked too when the first is slow; the answer that comes first is taken. */
  readonly hedge?: boolean | undefined;
  /** How slow that is. Without it, slower than 95 in 100 of its own recent answers, from 50 ms to 1 s. */
  readonly hedgeDelay?: Duration | undefined;
  /** The most hedges, as a share of all fetches; ten may come at once. */
  readonly hedgeShare?: number | undefined;
  /** Whether an endpoint that keeps failing is left alone for a while, as long as there are others. */
  readonly breaker?: boolean | undefined;
  /** So many failures one after the other open the circuit breaker of an endpoint. */
  readonly breakerFailures?: number | undefined;
  /** This share of failures, among all its requests within `breakerWindow`, opens it too. */
  readonly breakerFailureRate?: number | undefined;
  /** How far back the share of failures looks. */
  readonly breakerWindow?: Duration | undefined;
  /** How many requests there must have been for the share of failures to say anything. */
  readonly breakerMinCalls?: number | undefined;
  /** How long an endpoint is left alone before a request finds out how it is; doubled each time that fails. */
  readonly breakerOpenTime?: Duration | undefined;
  /** The longest that an endpoint is left alone. */
  readonly breakerOpenTimeCap?: Duration | undefined;
  /** How many requests may be under way at one endpoint; the others wait, refreshes behind readers. */
  readonly maxRequestsPerEndpoint?: number | undefined;
  /**
   * How many requests one endpoint gets a second; as many may come at once. An account may make 450 a second in a region
   * (KMS quota), all its processes together: the default stays below that in any second.
   */
  readonly maxRequestsPerSecond?: number | undefined;
  /** A secret that nobody has read for so long is refreshed no more, and forgotten when that would come due; 0: never. */
  readonly idleTtl?: Duration | undefined;
  /** How many secrets are kept in memory; beyond that, those go that were not read for longest, preloaded ones last. */
  readonly maxEntries?: number | undefined;
  /** How many secrets are refreshed at the same time; those of readers are not counted. */
  readonly refreshConcurrency?: number | undefined;
  /**
   * Where secrets outlive the process: one store, or several in the order in which they are asked, such as a file and a
   * Redis that a fleet shares. The client closes them when it is closed.
   */
  readonly stores?: SecretStore | readonly SecretStore[] | undefined;
  /** The longest that a store may take for anything; only the first read of a secret waits for one. */
  readonly storeTimeout?: Duration | undefined;
  /** The longest that one process of a fleet waits for what another one asks KMS; never more than half of `deadline`. */
  readonly leaseTimeout?: Duration | undefined;
  /** The largest reply of KMS that is read, in bytes. */
  readonly maxReplyBytes?: number | undefined;
  /** The stage that is read where none is named. */
  readonly stage?: string | undefined;
  /** The names that `ready()` waits for. */
  readonly preload?: readonly string[] | undefined;
  /**
   * Whether `ready()` asks for the names to preload together, 20 by one request (BatchGetSecretValue), where the endpoint knows
   * how; one by one where it does not.
   */
  readonly batchPreload?: boolean | undefined;
  /** The longest that `ready()` waits. */
  readonly readyTimeout?: Duration | undefined;
  /** What is particular to a secret, by name. */
  readonly secrets?: Readonly<Record<string, SecretOptions>> | undefined;
  /** Your own code in the path of a fetch. */
  readonly hook?: SecretHook | undefined;
  /** Where the client says what it does. */
  readonly logger?: Logger | undefined;
  /** Time and chance; tests hand in their own. */
  readonly clock?: Clock | undefined;
}

/** What can be set for one secret. */
export interface SecretOptions {
  /** As the client's `ttl`, for this secret alone. */
  readonly ttl?: Duration | undefined;
  /** Whether `ready()` may end without this secret. */
  readonly optional?: boolean | undefined;
}

/** What can be set for one read. */
export interface ReadOptions {
  /** The version stage to read, such as `ACSPrevious`. */
  readonly stage?: string | undefined;
  /** The version to read. */
  readonly versionId?: string | undefined;
  /** Ends the wait of this read at once, with the signal's own reason; the fetch goes on for whoever else waits for it. */
  readonly signal?: AbortSignal | undefined;
}

/** Options that have no default, because nothing is as good as what the user knows. */
type Unset = 'configFile' | 'hook' | 'hedgeDelay' | 'idleTtl';

interface Engine {
  readonly credentials: Identity | CredentialsProvider;
  readonly endpoints: readonly (EndpointAddress | SecretTransport)[];
  readonly secrets: ReadonlyMap<string, ResolvedSecretOptions>;
  readonly stores: readonly SecretStore[];
}

/** A duration is milliseconds inside; the rest is what it says. */
type Resolved<Value> = Duration extends Value ? number : Value;

/** What the engine reads: every option with a value, durations in milliseconds. */
export type ResolvedOptions = {
  readonly [Key in keyof SecretClientOptions]-?: Key extends keyof Engine
    ? Engine[Key]
    : Resolved<NonNullable<SecretClientOptions[Key]>> | (Key extends Unset ? undefined : never);
};

export interface ResolvedSecretOptions {
  readonly ttl: number | undefined;
  readonly optional: boolean;
}

/** A row for each option: one too few, one too many or one of the wrong type does not compile. */
export type OptionTable = { readonly [Key in keyof ResolvedOptions]: OptionRow<ResolvedOptions[Key]> };

/** The shortest TTL that can be set; a secret's own is raised to `secretTtlFloor`. */
const shortestTtl = 1_000;

/** A secret that says `{"ttl":300}` means seconds: as milliseconds it would be a request every 300 ms. */
export const secretTtlFloor: number = 10_000;

export const optionTable: OptionTable = {
  credentials: identityRow(),
  endpoints: endpointList(),
  configFile: text({ variable: 'KMS_SECRETS_CONFIG_FILE', expected: 'the path of a file' }),
  precedence: oneOf(['code', 'reference'], { default: 'code' }),
  ttl: duration({ default: 3_600_000, min: shortestTtl, variable: 'KMS_SECRETS_TTL' }),
  ttlProperty: parsed<string | false>({
    default: 'ttl',
    shown: `'ttl'`,
    expected: `the name of a property, or false`,
    variable: 'KMS_SECRETS_TTL_PROPERTY',
    parse(value) {
      if (value === false || value === 'false') return { value: false };
      return typeof value === 'string' && value !== '' ? { value } : undefined;
    },
  }),
  staleIfError: duration({ default: 86_400_000, min: 0, variable: 'KMS_SECRETS_STALE_IF_ERROR' }),
  negativeTtl: duration({ default: 10_000, min: 0, variable: 'KMS_SECRETS_NEGATIVE_TTL' }),
  deadline: duration({ default: 10_000, min: 10, variable: 'KMS_SECRETS_DEADLINE' }),
  staleDeadline: duration({ default: 1_000, min: 0, variable: 'KMS_SECRETS_STALE_DEADLINE' }),
  refreshDeadline: duration({ default: 120_000, min: 100, variable: 'KMS_SECRETS_REFRESH_DEADLINE' }),
  attemptTimeout: duration({ default: 4_000, min: 10, variable: 'KMS_SECRETS_ATTEMPT_TIMEOUT' }),
  connectTimeout: duration({ default: 2_000, min: 10, variable: 'KMS_SECRETS_CONNECT_TIMEOUT' }),
  tries: count({ default: 5, min: 1, max: 20, variable: 'KMS_SECRETS_TRIES' }),
  backoffBase: duration({ default: 250, min: 1, variable: 'KMS_SECRETS_BACKOFF_BASE' }),
  backoffCap: duration({ default: 10_000, min: 1, variable: 'KMS_SECRETS_BACKOFF_CAP' }),
  endpointOrder: oneOf(['given', 'measured'], { default: 'given', variable: 'KMS_SECRETS_ENDPOINT_ORDER' }),
  hedge: flag({ default: true, variable: 'KMS_SECRETS_HEDGE' }),
  hedgeDelay: {
    ...duration({ default: 0, min: 1, variable: 'KMS_SECRETS_HEDGE_DELAY' }),
    default: undefined,
    shown: 'measured',
  },
  hedgeShare: share({ default: 0.1, variable: 'KMS_SECRETS_HEDGE_SHARE' }),
  breaker: flag({ default: true, variable: 'KMS_SECRETS_BREAKER' }),
  breakerFailures: count({ default: 5, min: 1, max: 1_000, variable: 'KMS_SECRETS_BREAKER_FAILURES' }),
  breakerFailureRate: share({ default: 0.5, variable: 'KMS_SECRETS_BREAKER_FAILURE_RATE' }),
  breakerWindow: duration({ default: 30_000, min: 1_000, variable: 'KMS_SECRETS_BREAKER_WINDOW' }),
  breakerMinCalls: count({ default: 20, min: 1, max: 100_000, variable: 'KMS_SECRETS_BREAKER_MIN_CALLS' }),
  breakerOpenTime: duration({ default: 1_000, min: 10, variable: 'KMS_SECRETS_BREAKER_OPEN_TIME' }),
  breakerOpenTimeCap: duration({ default: 30_000, min: 10, variable: 'KMS_SECRETS_BREAKER_OPEN_TIME_CAP' }),
  maxRequestsPerEndpoint: count({
    default: 64,
    min: 1,
    max: 10_000,
    variable: 'KMS_SECRETS_MAX_REQUESTS_PER_ENDPOINT',
  }),
  maxRequestsPerSecond: count({ default: 225, min: 1, max: 100_000, variable: 'KMS_SECRETS_MAX_REQUESTS_PER_SECOND' }),
  idleTtl: {
    ...duration({ default: 0, min: 0, variable: 'KMS_SECRETS_IDLE_TTL' }),
    default: undefined,
    shown: 'three TTLs of the secret',
  },
  maxEntries: count({ default: 100_000, min: 1, max: 10_000_000, variable: 'KMS_SECRETS_MAX_ENTRIES' }),
  refreshConcurrency: count({ default: 16, min: 1, max: 1_000, variable: 'KMS_SECRETS_REFRESH_CONCURRENCY' }),
  stores: parsed<readonly SecretStore[]>({
    default: [],
    expected: 'a store, or a list of stores',
    example: `fileStore({ folder: '/var/cache/app', key })`,
    parse: parseStores,
  }),
  storeTimeout: duration({ default: 500, min: 10, variable: 'KMS_SECRETS_STORE_TIMEOUT' }),
  leaseTimeout: duration({ default: 2_000, min: 10, variable: 'KMS_SECRETS_LEASE_TIMEOUT' }),
  maxReplyBytes: count({ default: 1_048_576, min: 65_536, max: 16_777_216, variable: 'KMS_SECRETS_MAX_REPLY_BYTES' }),
  stage: parsed<string>({
    default: 'ACSCurrent',
    shown: `'ACSCurrent'`,
    expected: 'the name of a version stage',
    variable: 'KMS_SECRETS_STAGE',
    parse: parseText,
  }),
  preload: parsed<readonly string[]>({
    default: [],
    expected: 'a list of secret names',
    example: `['prod/db', 'prod/redis']`,
    variable: 'KMS_SECRETS_PRELOAD',
    parse: parseNames,
  }),
  batchPreload: flag({ default: false, variable: 'KMS_SECRETS_BATCH_PRELOAD' }),
  readyTimeout: duration({ default: 30_000, min: 10, variable: 'KMS_SECRETS_READY_TIMEOUT' }),
  secrets: parsed<ReadonlyMap<string, ResolvedSecretOptions>>({
    default: new Map(),
    expected: 'an object with an object for each secret name',
    example: `{ 'prod/db': { ttl: '15m' } }`,
    parse: parseSecrets,
  }),
  hook: shape<SecretHook | undefined>({ default: undefined, some: ['transform', 'recover'] }),
  logger: shape<Logger>({ default: silentLogger, every: ['debug', 'info', 'warn', 'error'], shown: 'silent' }),
  clock: shape<Clock>({
    default: systemClock,
    every: ['now', 'cachedNow', 'date', 'random', 'setUnrefTimer', 'setTimer'],
    shown: "the machine's",
  }),
};

type SecretOptionTable = { readonly [Key in keyof ResolvedSecretOptions]: OptionRow<ResolvedSecretOptions[Key]> };

export const secretOptionTable: SecretOptionTable = {
  ttl: { ...duration({ default: 0, min: shortestTtl }), default: undefined, shown: "the client's" },
  optional: flag({ default: false }),
};

export type ReadOptionTable = { readonly [Key in keyof ReadOptions]-?: OptionRow<ReadOptions[Key]> };

export const readOptionTable: ReadOptionTable = {
  stage: text({ expected: 'the name of a version stage', shown: "the client's" }),
  versionId: text({ expected: 'the id of a version' }),
  signal: parsed<AbortSignal | undefined>({
    default: undefined,
    expected: 'an AbortSignal',
    parse: (value) => (value instanceof AbortSignal ? { value } : undefined),
  }),
};

function parseSecrets(value: unknown): Parsed<ReadonlyMap<string, ResolvedSecretOptions>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const secrets = new Map<string, ResolvedSecretOptions>();
  const issues: Refusal[] = [];
  for (const [name, options] of Object.entries<unknown>({ ...value })) {
    const at = `['${name}']`;
    if (typeof options !== 'object' || options === null) {
      // Here a person might write the secret itself, to fall back on.
      issues.push({ at, got: kindOf(options), expected: `an object such as { ttl: '15m' }` });
      continue;
    }
    const resolution = resolve(secretOptionTable, [layerOf(options, '')]);
    secrets.set(name, resolution.values);
    for (const { key, source: _, ...rest } of resolution.issues) issues.push({ at: `${at}.${key}`, ...rest });
  }
  return issues.length > 0 ? { issues } : { value: secrets };
}
