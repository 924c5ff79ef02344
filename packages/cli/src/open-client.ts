import { milliseconds } from '@kms-secrets/core/internal';
import type { Logger, SecretClient, SecretClientOptions, SecretStore } from '@kms-secrets/core/internal';
import { createSecretClientOn } from '@kms-secrets/core/internal';
import type { ParsedArguments } from './arguments/command.ts';
import { usageError } from './cli-error.ts';
import { write } from './host.ts';
import type { Host } from './host.ts';

/** Creates the client that the options of a command describe. Throws `ConfigurationError` with all errors. */
export async function openClient(
  host: Host,
  args: ParsedArguments,
  more: SecretClientOptions = {},
): Promise<SecretClient> {
  const store = await openStore(host, args);
  return createSecretClientOn(host.machine, { ...clientOptionsOf(host, args), stores: store && [store], ...more });
}

/** The options of `createSecretClient` that the options of a command set. */
export function clientOptionsOf(host: Host, args: ParsedArguments): SecretClientOptions {
  const timeout = durationOf(args, 'timeout');
  return {
    configFile: args.get('config'),
    deadline: timeout,
    staleDeadline: timeout === undefined ? undefined : Math.min(timeout, maxStaleDeadline),
    logger: args.has('verbose') ? streamLogger(host) : undefined,
    clock: host.clock,
  };
}

/** The default of the client (ms): `--timeout 60s` must not delay the start from a store by a minute. */
const maxStaleDeadline = 2_000;

/** The path or URL of the store; `undefined` without one. */
export function storeLocation(host: Host, args: ParsedArguments): string | undefined {
  return (args.get('store') ?? host.machine.environment['KMS_SECRETS_CLI_STORE']) || undefined;
}

/** The store of `--store`. Its code is loaded only if there is one. */
async function openStore(host: Host, args: ParsedArguments): Promise<SecretStore | undefined> {
  const location = storeLocation(host, args);
  if (location === undefined) return undefined;
  const { createStore } = await import('./store.ts');
  return createStore(host, args, { location });
}

/** The value of an option that is a duration, in milliseconds. */
export function durationOf(args: ParsedArguments, name: string): number | undefined {
  const text = args.get(name);
  if (text === undefined) return undefined;
  const ms = milliseconds(text);
  if (ms >= 1 && ms <= 86_400_000) return ms;
  throw usageError(`--${name} must be a duration from 1ms to 24h, such as 5s.`);
}

function streamLogger(host: Host): Logger {
  const log =
    (level: string) =>
    (message: string): void =>
      void write(host.stderr, `${level.padEnd(5)} ${message}\n`).catch(() => undefined);
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}
