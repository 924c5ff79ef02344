import { silentLogger } from '../ports/logger.ts';
import type { Logger } from '../ports/logger.ts';
import type { SecretHook } from '../ports/hook.ts';
import type { SecretStore } from '../ports/store.ts';
import { isAbortSignal } from '../time/abort.ts';
import { systemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { endpointsRow } from './endpoints.ts';
import { identityRow } from './identity.ts';
import type {
  OptionGroup,
  ReadOptions,
  RefreshReadOptions,
  ResolvedOptions,
  ResolvedSecretOptions,
} from './options.ts';
import { objectWith, parseNames, parseStores, parseText, text } from './parsers.ts';
import { describeKind } from './redact.ts';
import { layerOf, resolve } from './resolve.ts';
import { callback, count, custom, duration, flag, group, oneOf, share, unset } from './rows.ts';
import type { GroupRow, OptionRow, ParseIssue, ParseResult } from './rows.ts';

type Rows<Options> = { readonly [Key in keyof Options]: OptionRow<Options[Key]> };

/** One row for every option: a missing row, a surplus row or a row of the wrong type does not compile. */
export type OptionTable = {
  readonly [Key in keyof ResolvedOptions]: Key extends OptionGroup
    ? GroupRow<Rows<Exclude<ResolvedOptions[Key], false>>, false extends ResolvedOptions[Key] ? true : false>
    : OptionRow<ResolvedOptions[Key]>;
};

/** The minimum of the option `ttl`. */
const minTtl = 1_000;

export const optionTable: OptionTable = {
  credentials: identityRow(),
  endpoints: endpointsRow(),
  configFile: text({ variable: 'KMS_SECRETS_CONFIG_FILE', expected: 'the path of a file' }),
  precedence: oneOf(['code', 'official', 'code-only'], { default: 'code' }),
  stage: custom<string>({
    default: 'ACSCurrent',
    shown: '"ACSCurrent"',
    expected: 'the name of a version stage',
    variable: 'KMS_SECRETS_STAGE',
    parse: parseText,
  }),
  ttl: duration({ default: 3_600_000, min: minTtl, variable: 'KMS_SECRETS_TTL' }),
  refresh: group({
    canBeOff: false,
    rows: {
      ttlProperty: custom<string | false>({
        default: 'ttl',
        shown: '"ttl"',
        expected: 'the name of a property, or false',
        variable: 'KMS_SECRETS_REFRESH_TTL_PROPERTY',
        parse(value) {
          if (value === false || value === 'false') return { value: false };
          return typeof value === 'string' && value !== '' ? { value } : undefined;
        },
      }),
      ttlOf: callback(),
      nextRefresh: callback(),
    },
  }),
  staleIfError: duration({ default: 86_400_000, min: 0, variable: 'KMS_SECRETS_STALE_IF_ERROR' }),
  negativeTtl: duration({ default: 10_000, min: 0, variable: 'KMS_SECRETS_NEGATIVE_TTL' }),
  idleTtl: unset(
    duration({ default: 0, min: 0, example: '3h', variable: 'KMS_SECRETS_IDLE_TTL' }),
    'three TTLs of the secret',
  ),
  deadline: duration({ default: 10_000, min: 10, variable: 'KMS_SECRETS_DEADLINE' }),
  staleDeadline: duration({ default: 1_000, min: 0, variable: 'KMS_SECRETS_STALE_DEADLINE' }),
  attemptTimeout: duration({ default: 4_000, min: 10, variable: 'KMS_SECRETS_ATTEMPT_TIMEOUT' }),
  connectTimeout: duration({ default: 2_000, min: 10, variable: 'KMS_SECRETS_CONNECT_TIMEOUT' }),
  retry: group({
    canBeOff: false,
    rows: {
      maxAttempts: count({ default: 5, min: 1, max: 20, variable: 'KMS_SECRETS_RETRY_MAX_ATTEMPTS' }),
      baseDelay: duration({ default: 250, min: 1, variable: 'KMS_SECRETS_RETRY_BASE_DELAY' }),
      maxDelay: duration({ default: 10_000, min: 1, variable: 'KMS_SECRETS_RETRY_MAX_DELAY' }),
      backoff: callback(),
      classify: callback(),
    },
  }),
  hedge: group({
    canBeOff: true,
    variable: 'KMS_SECRETS_HEDGE',
    rows: {
      delay: unset(
        duration({ default: 0, min: 1, example: '200ms', variable: 'KMS_SECRETS_HEDGE_DELAY' }),
        "the endpoint's p95 latency, between 50ms and 1s",
      ),
      share: share({ default: 0.1, variable: 'KMS_SECRETS_HEDGE_SHARE' }),
    },
  }),
  breaker: group({
    canBeOff: true,
    variable: 'KMS_SECRETS_BREAKER',
    rows: {
      failures: count({ default: 5, min: 1, max: 1_000, variable: 'KMS_SECRETS_BREAKER_FAILURES' }),
      failureRate: share({ default: 0.5, variable: 'KMS_SECRETS_BREAKER_FAILURE_RATE' }),
      window: duration({ default: 30_000, min: 1_000, variable: 'KMS_SECRETS_BREAKER_WINDOW' }),
      openTime: duration({ default: 1_000, min: 10, variable: 'KMS_SECRETS_BREAKER_OPEN_TIME' }),
      maxOpenTime: duration({ default: 30_000, min: 10, variable: 'KMS_SECRETS_BREAKER_MAX_OPEN_TIME' }),
    },
  }),
  limits: group({
    canBeOff: false,
    rows: {
      maxEntries: count({ default: 100_000, min: 1, max: 10_000_000, variable: 'KMS_SECRETS_LIMITS_MAX_ENTRIES' }),
      maxPinned: count({ default: 10_000, min: 0, max: 10_000_000, variable: 'KMS_SECRETS_LIMITS_MAX_PINNED' }),
      requestsPerSecond: count({
        default: 225,
        min: 1,
        max: 100_000,
        variable: 'KMS_SECRETS_LIMITS_REQUESTS_PER_SECOND',
      }),
      concurrentRequests: count({
        default: 256,
        min: 1,
        max: 10_000,
        variable: 'KMS_SECRETS_LIMITS_CONCURRENT_REQUESTS',
      }),
    },
  }),
  stores: custom<readonly SecretStore[]>({
    default: [],
    expected: 'a store, or a list of stores',
    example: `fileStore({ path: '/var/cache/app', key })`,
    parse: parseStores,
  }),
  storeTimeout: duration({ default: 500, min: 10, variable: 'KMS_SECRETS_STORE_TIMEOUT' }),
  preload: custom<readonly string[]>({
    default: [],
    expected: 'a list of secret names',
    example: `['prod/db', 'prod/redis']`,
    variable: 'KMS_SECRETS_PRELOAD',
    parse: parseNames,
  }),
  readyTimeout: duration({ default: 30_000, min: 10, variable: 'KMS_SECRETS_READY_TIMEOUT' }),
  secrets: custom<ReadonlyMap<string, ResolvedSecretOptions>>({
    default: new Map(),
    expected: 'an object of secret names, each with an object of options',
    example: `{ 'prod/db': { ttl: '15m' } }`,
    parse: parseSecrets,
  }),
  hook: objectWith<SecretHook | undefined>({ default: undefined, some: ['transform', 'recover'] }),
  logger: objectWith<Logger>({ default: silentLogger, every: ['warn', 'error'], shown: 'silent' }),
  clock: objectWith<Clock>({
    default: systemClock,
    every: ['now', 'cachedNow', 'date', 'random', 'setTimer', 'setUnrefTimer'],
    shown: 'the system clock',
  }),
};

export const secretOptionTable: Rows<ResolvedSecretOptions> = {
  ttl: unset(duration({ default: 0, min: minTtl, example: '15m' }), "the client's `ttl`"),
  optional: flag({ default: false }),
};

export const readOptionTable: Rows<Required<ReadOptions>> = {
  stage: text({ expected: 'the name of a version stage', shown: "the client's `stage`" }),
  versionId: text({ expected: 'the id of a version' }),
  signal: custom<AbortSignal | undefined>({
    default: undefined,
    expected: 'an AbortSignal',
    parse: (value) => (isAbortSignal(value) ? { value } : undefined),
  }),
};

export const refreshOptionTable: Rows<Required<RefreshReadOptions>> = {
  ...readOptionTable,
  unlessNewerThan: text({ expected: 'the id of a version' }),
};

function parseSecrets(value: unknown): ParseResult<ReadonlyMap<string, ResolvedSecretOptions>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const secrets = new Map<string, ResolvedSecretOptions>();
  const issues: ParseIssue[] = [];
  for (const [name, options] of Object.entries<unknown>({ ...value })) {
    const at = `['${name}']`;
    if (typeof options !== 'object' || options === null) {
      // A user may have written the secret itself here, as a fallback.
      issues.push({ at, got: describeKind(options), expected: `an object such as { ttl: '15m' }` });
      continue;
    }
    const resolution = resolve(secretOptionTable, [layerOf(options, '')]);
    secrets.set(name, resolution.values);
    for (const { key, source: _, ...issue } of resolution.issues) issues.push({ at: `${at}.${key}`, ...issue });
  }
  return issues.length > 0 ? { issues } : { value: secrets };
}
