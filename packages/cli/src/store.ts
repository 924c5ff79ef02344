import { ConfigurationError, fileStore, isSecretError } from '@kms-secrets/core/internal';
import type { KeyringOptions, SecretStore } from '@kms-secrets/core/internal';
import type { ParsedArguments } from './arguments/command.ts';
import { CliError, usageError } from './cli-error.ts';
import type { Host } from './host.ts';
import { loadOptional } from './load-optional.ts';

export interface StoreAddress {
  /** A path or a `redis://` URL. */
  readonly location: string;
  /** How long a Redis keeps a secret. Default: that of the store. */
  readonly keepFor?: string | undefined;
}

/** Creates the store at a path or a `redis://` URL, with the key that the environment or a file has. */
export async function createStore(
  host: Host,
  args: ParsedArguments,
  { location, keepFor }: StoreAddress,
): Promise<SecretStore> {
  // Every user of the machine can read the arguments of a process.
  if (args.get('store') !== undefined && isRedis(location) && hasPassword(location)) {
    throw usageError(
      'The URL of --store contains a password, which other users can see. Set it in KMS_SECRETS_CLI_STORE.',
    );
  }
  const { keyring, source } = keyringOf(host, args);
  const { clock } = host;
  try {
    if (!isRedis(location)) return fileStore({ path: location, clock, ...keyring });
    const { redisStore } = await loadOptional('@kms-secrets/redis', () => import('@kms-secrets/redis'));
    return redisStore({ url: location, prefix: args.get('store-prefix'), keepFor, clock, ...keyring });
  } catch (error) {
    if (!isSecretError(error, 'ERR_CONFIGURATION')) throw error;
    const place = args.get('store') === undefined ? 'KMS_SECRETS_CLI_STORE' : '--store';
    const sources = new Map([
      ['key', source],
      ['passphrase', source],
      ['prefix', '--store-prefix'],
    ]);
    throw new ConfigurationError(error.issues.map((issue) => ({ ...issue, source: sources.get(issue.key) ?? place })));
  }
}

/** Whether the location of a store is the URL of a Redis. */
export function isRedis(location: string): boolean {
  return /^rediss?:\/\//iu.test(location);
}

function hasPassword(location: string): boolean {
  return URL.canParse(location) && new URL(location).password !== '';
}

function keyringOf(host: Host, args: ParsedArguments): { readonly keyring: KeyringOptions; readonly source: string } {
  const { environment } = host.machine;
  const file = args.get('store-key-file');
  if (file !== undefined) return { keyring: { key: readKey(host, file) }, source: `--store-key-file ${file}` };
  const key = environment['KMS_SECRETS_CLI_STORE_KEY']?.trim();
  if (key !== undefined && key !== '') return { keyring: { key }, source: 'KMS_SECRETS_CLI_STORE_KEY' };
  const passphrase = environment['KMS_SECRETS_CLI_STORE_PASSPHRASE'];
  if (passphrase !== undefined && passphrase !== '')
    return { keyring: { passphrase }, source: 'KMS_SECRETS_CLI_STORE_PASSPHRASE' };
  throw new CliError(
    'The store has no key. Set KMS_SECRETS_CLI_STORE_KEY, --store-key-file or KMS_SECRETS_CLI_STORE_PASSPHRASE to what the application uses.',
  );
}

/** A file of 32 bytes is the key itself; any other has its text. */
function readKey({ machine }: Host, file: string): Uint8Array | string {
  let bytes: Uint8Array;
  try {
    bytes = machine.readFile(file);
  } catch {
    throw new CliError(`The key of the store could not be read from ${file} (--store-key-file).`);
  }
  return bytes.length === keyLength ? bytes : new TextDecoder().decode(bytes).trim();
}

const keyLength = 32;
