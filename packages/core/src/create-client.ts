// Reads the settings, makes the transports, and makes and connects the parts of a client.

import { SecretClient } from './client/client.ts';
import { Preloader } from './client/preload.ts';
import { Reader } from './client/reader.ts';
import { Recovery } from './client/recovery.ts';
import { machine as thisMachine } from './config/environment.ts';
import type { ConfigurationMachine } from './config/environment.ts';
import { collectSettings } from './config/settings.ts';
import type { BatchingTransport } from './endpoint/batching-transport.ts';
import { ClientChannels } from './diagnostics/client-channels.ts';
import { EndpointSet } from './endpoint/endpoint-set.ts';
import { ExpiryMonitor } from './endpoint/expiry-monitor.ts';
import { Batching } from './fetch/batching.ts';
import { Fetcher } from './fetch/fetcher.ts';
import { HookTransform } from './fetch/hook-transform.ts';
import { RetryPolicy } from './fetch/retry-policy.ts';
import { IdentityFactory } from './make-identities.ts';
import { makeTransports } from './make-transports.ts';
import { SecretMemory } from './memory/memory.ts';
import { conflictsIn } from './options/conflicts.ts';
import { optionTable } from './options/option-table.ts';
import type { ResolvedOptions, SecretClientOptions } from './options/options.ts';
import { captureContext } from './platform/async-context.ts';
import { describeKind } from './options/redact.ts';
import { resolve } from './options/resolve.ts';
import { guardedLogger, silentLogger } from './ports/logger.ts';
import type { CredentialsProvider } from './ports/credentials.ts';
import type { GuardedLogger } from './ports/logger.ts';
import { ConfigurationError, safeMessage } from './secret/errors.ts';
import type { ConfigurationIssue } from './secret/errors.ts';
import { SecretEmitter } from './secret/events.ts';
import { createCounters } from './secret/counters.ts';
import { StoreTier } from './store-tier/store-tier.ts';

/**
 * Creates a client from the options, the environment and `secretsmanager.properties`. The client sends no request before the
 * first read or `ready()`.
 *
 * Throws `ConfigurationError`, which lists all errors.
 */
export function createSecretClient(options: SecretClientOptions = {}): SecretClient {
  return createSecretClientOn(thisMachine, options);
}

/** Same as `createSecretClient`, with the environment and the file system of a test. */
export function createSecretClientOn(machine: ConfigurationMachine, options: SecretClientOptions): SecretClient {
  if (!isOptions(options)) {
    throw new ConfigurationError([
      { key: 'options', source: 'option', got: describeKind(options), expected: 'an object, or nothing' },
    ]);
  }
  const settings = collectSettings(options, machine);
  const { values, sources, issues } = resolve(optionTable, settings.layers);
  const allIssues = [...settings.issues, ...issues, ...conflictsIn(values, sources)];
  const warnings = [...settings.warnings];
  const logger = guardedLogger(values.logger);
  const { configFile, precedence } = options;
  const readOptions = (): ResolvedOptions | undefined => readFileAgain(machine, { configFile, precedence });
  const closing = new AbortController();
  const channels = new ClientChannels(() => values.clock.now());
  const events = new SecretEmitter(listenerReporter(values, logger, machine), channels);
  const expiry = new ExpiryMonitor({ clock: values.clock, logger, events, closing: closing.signal });
  const context = { machine, options: values, sources, readOptions, issues: allIssues, warnings, logger, expiry };
  const identities = new IdentityFactory(context);
  const transports = makeTransports(context, identities);
  const [primary, ...fallbacks] = transports;
  if (values.endpoints.length === 0) allIssues.push(...missingEndpoints(allIssues, settings.searched));
  if (primary === undefined || allIssues.length > 0) {
    closing.abort();
    throw new ConfigurationError(allIssues, warnings);
  }
  for (const note of settings.notes) logger.debug?.(note);
  for (const warning of warnings) logger.warn(warning);
  logger.info(`Secret client: ${[...sources].map(([option, source]) => `${option} from ${source}`).join(', ')}.`);
  const credentials = (): CredentialsProvider | undefined => identities.shared()?.credentials;
  const given = { options: values, logger, events, channels, closing, expiry, credentials };
  const client = connectParts({ ...given, transports: [primary, ...fallbacks] });
  channels.created(client.monitor, closing.signal);
  return client;
}

/** Reads the environment and the configuration file again. Returns `undefined` if there is an error. */
export function readFileAgain(
  machine: ConfigurationMachine,
  options: SecretClientOptions,
): ResolvedOptions | undefined {
  const settings = collectSettings(options, machine);
  const { values, issues } = resolve(optionTable, settings.layers);
  return settings.issues.length === 0 && issues.length === 0 ? values : undefined;
}

/**
 * The maximum duration of a fetch with all its attempts and waits (ms). A read stops waiting earlier, at its `deadline`; the fetch
 * continues, so that the next read finds the value in memory.
 */
const fetchDeadline = 120_000;

interface ConnectedParts {
  readonly options: ResolvedOptions;
  readonly logger: GuardedLogger;
  readonly events: SecretEmitter;
  readonly channels: ClientChannels;
  /** Aborts when the client is closed. */
  readonly closing: AbortController;
  readonly expiry: ExpiryMonitor;
  /** The provider of the client's identity; `undefined` for a client key. */
  readonly credentials: () => CredentialsProvider | undefined;
  readonly transports: readonly [BatchingTransport, ...BatchingTransport[]];
}

/**
 * Reports what a listener throws, without its message. Without a logger it would be lost, with the work of the listener, such as
 * a new pool of connections: then the process emits a warning, once per event name.
 */
function listenerReporter(
  { logger: given }: ResolvedOptions,
  logger: GuardedLogger,
  machine: ConfigurationMachine,
): (name: string, error: unknown) => void {
  const warned = new Set<string>();
  return (name, error) => {
    const message = `A listener for "${name}" failed: ${safeMessage(error)}`;
    logger.error(message);
    if (given !== silentLogger || warned.has(name)) return;
    warned.add(name);
    machine.emitWarning?.(`${message}. Set the option logger to see every failure.`);
  };
}

/**
 * Makes the parts of a client and connects them. Three connections go to a part that is made later, by a closure: a recovered
 * endpoint schedules refreshes in memory, and refreshes and refusals go to the fetcher.
 */
function connectParts(parts: ConnectedParts): SecretClient {
  const { options, logger, events, channels, closing, expiry, credentials, transports } = parts;
  const [primary, ...fallbacks] = transports;
  const { clock, hook, retry, attemptTimeout, deadline, staleDeadline } = options;
  const { signal } = closing;
  const inContext = captureContext();
  const counters = createCounters();
  const batching = new Batching(clock);
  const endpoints = new EndpointSet({
    transports: [batching.wrap(primary), ...fallbacks.map((transport) => batching.wrap(transport))],
    options,
    logger,
    events,
    isPreloading: () => batching.isActive,
    // Does not wait for the backoff of each secret, which may last half a minute: a response shows that KMS has recovered.
    onRecovered: () => memory.scheduleRefresh(),
  });
  const memory = new SecretMemory({
    options,
    logger,
    events,
    counters,
    refresh: (key, request) => fetcher.joinOrStart(key, request, 'refresh').secret,
  });
  const transform = new HookTransform({
    transform: hook?.transform?.bind(hook),
    clock,
    attemptTimeout,
    closing: signal,
  });
  const storeTier = new StoreTier({
    options,
    memory,
    logger,
    events,
    counters,
    inContext,
    transform: (secret, request) => transform.applyToStored(secret, request),
    forgetFetches: (name) => fetcher.forgetSecret(name),
  });
  const fetcher = new Fetcher({
    endpoints,
    hedging: endpoints.hedging,
    clock,
    counters,
    retry: new RetryPolicy({ ...retry, random: () => clock.random(), logger }),
    attemptTimeout,
    fetchDeadline,
    readDeadline: deadline,
    transform,
    listener: storeTier,
    stores: storeTier.hasStores ? storeTier : undefined,
    tracer: channels,
    closing: signal,
  });
  const recovery = new Recovery({
    hook,
    clock,
    logger,
    timeout: attemptTimeout,
    closing: signal,
    cache: (key, request, recovered) => memory.recovered(key, request, recovered),
  });
  const reader = new Reader({ clock, deadline, staleDeadline, recovery, memory });
  const preloader = new Preloader({
    clock,
    logger,
    defaultStage: options.stage,
    timeout: options.readyTimeout,
    optionalTimeout: staleDeadline,
    hasStores: options.stores.length > 0,
    closing: signal,
    isOptional: (name) => options.secrets.get(name)?.optional === true,
    progressOf: (name) => fetcher.progressOf(name),
  });
  return new SecretClient({
    options,
    inContext,
    events,
    counters,
    closing,
    credentials,
    endpoints,
    expiry,
    batching,
    memory,
    storeTier,
    fetcher,
    reader,
    preloader,
  });
}

/** Returns no error if an endpoint was set but is invalid, or if the file is: that error was reported already. */
export function missingEndpoints(
  issues: readonly ConfigurationIssue[],
  searched: string,
): readonly ConfigurationIssue[] {
  if (issues.some(({ key }) => /^(?:endpoints|cache_client|configFile)/u.test(key))) return [];
  return [
    {
      key: 'endpoints',
      source: 'option, environment and file',
      got: `nothing in the option endpoints, ${searched}`,
      expected: 'at least one region or host of KMS',
      example: 'cache_client_region_id=[{"regionId":"cn-hangzhou"}]',
    },
  ];
}

function isOptions(options: unknown): boolean {
  return typeof options === 'object' && options !== null && !Array.isArray(options);
}
