import { ConfigurationError } from '../secret/errors.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import { describeKind } from '../options/redact.ts';
import type { Envelope } from './envelope.ts';

/** 32 bytes, as they are or as base64 or hex text; or a passphrase that 32 bytes are derived from. */
export type SealingKey = Uint8Array | string | { readonly passphrase: string };

/** What secrets are sealed with: exactly one of the three. */
export interface KeyringOptions {
  /** 32 bytes, or their base64 or hex text: `openssl rand -base64 32` makes one. */
  readonly key?: SealingKey | undefined;
  /** For a change of keys: the first seals, all open. */
  readonly keys?: readonly SealingKey[] | undefined;
  /** At least 12 characters, from which the key is derived by scrypt, once a process. A key is better: nobody guesses it. */
  readonly passphrase?: string | undefined;
}

/** Keys that were checked, and that wait for their use: deriving one from a passphrase takes a moment, and a salt. */
export interface Keyring {
  /** Whether a salt is needed: without a passphrase any will do. */
  readonly hasPassphrase: boolean;
  /** The salt must be the same for all who share what is sealed. */
  unlock(salt: Uint8Array | string): Promise<Envelope>;
}

const keyLength = 32;
const shortestPassphrase = 12;
/** What OWASP asks of scrypt at the least, in the form that needs 16 MB: about a tenth of a second, off the main thread. */
const derivation = { N: 16_384, r: 8, p: 5 };

/** Checks the keys, so that a mistake is told when the store is made. Throws `ConfigurationError`. */
export function createKeyring(options: KeyringOptions): Keyring {
  const { keyring, issues } = readKeyring(options);
  if (keyring === undefined) throw new ConfigurationError(issues);
  return keyring;
}

/** As `createKeyring`, for who has more to complain about. */
export function readKeyring(options: KeyringOptions): {
  readonly keyring: Keyring | undefined;
  readonly issues: readonly ConfigurationIssue[];
} {
  const given = (['key', 'keys', 'passphrase'] as const).filter((name) => options[name] !== undefined);
  const [only] = given;
  if (only === undefined || given.length > 1) {
    const got = only === undefined ? 'none' : given.join(' and ');
    return { keyring: undefined, issues: [issue('key', { got, expected: 'exactly one of key, keys, passphrase' })] };
  }
  const list: readonly (readonly [string, unknown])[] =
    only === 'passphrase'
      ? [[only, { passphrase: options.passphrase }]]
      : only === 'key'
        ? [[only, options.key]]
        : listed(options.keys);
  if (list.length === 0) {
    const expected = 'a list of keys, of which the first seals and all open';
    return { keyring: undefined, issues: [issue('keys', { got: describeKind(options.keys), expected })] };
  }
  const read = list.map(([at, key]) => readKey(at, key));
  const issues = read.flatMap((one) => ('expected' in one ? [one] : []));
  if (issues.length > 0) return { keyring: undefined, issues };
  const materials = read.flatMap((one) => ('expected' in one ? [] : [one]));
  return { keyring: keyringOf(materials), issues };
}

/** What a key is made of, copied: what the user does to the array afterwards is no concern of ours. */
type Material = { readonly bytes: Uint8Array } | { readonly passphrase: string };

function keyringOf(materials: readonly Material[]): Keyring {
  return {
    hasPassphrase: materials.some((material) => 'passphrase' in material),
    async unlock(salt) {
      const [{ SealedEnvelope }, ...keys] = await Promise.all([
        import('./envelope.ts'),
        ...materials.map(async (material) =>
          'bytes' in material ? material.bytes : stretched(material.passphrase, salt),
        ),
      ]);
      return new SealedEnvelope(keys);
    },
  };
}

async function stretched(passphrase: string, salt: Uint8Array | string): Promise<Uint8Array> {
  const { scrypt } = await import('node:crypto');
  return new Promise((resolve, reject) => {
    // One text however it was typed: the same letters can be composed in two ways.
    scrypt(passphrase.normalize('NFKC'), salt, keyLength, derivation, (error, bytes) =>
      error === null ? resolve(bytes) : reject(error),
    );
  });
}

function listed(keys: unknown): readonly (readonly [string, unknown])[] {
  if (!Array.isArray(keys)) return [];
  return keys.map((key: unknown, index) => [`keys[${index}]`, key]);
}

function readKey(at: string, key: unknown): Material | ConfigurationIssue {
  if (typeof key === 'object' && key !== null && 'passphrase' in key) {
    const { passphrase } = key;
    if (typeof passphrase === 'string' && passphrase.trim().length >= shortestPassphrase) return { passphrase };
    return issue(at, {
      got: describeKind(passphrase),
      expected: `a passphrase of at least ${shortestPassphrase} characters`,
    });
  }
  const bytes = typeof key === 'string' ? decoded(key) : key instanceof Uint8Array ? key : undefined;
  if (bytes?.length !== keyLength) {
    const got = bytes === undefined ? describeKind(key) : `${bytes.length} bytes`;
    return issue(at, { got, expected: `a key of ${keyLength} bytes, as they are or as base64 or hex text`, example });
  }
  if (bytes.every((byte) => byte === bytes[0])) {
    return issue(at, { got: `${keyLength} times the same byte`, expected: 'a key that was drawn at random', example });
  }
  return { bytes: Uint8Array.from(bytes) };
}

const example = 'what `openssl rand -base64 32` prints';

/** Nothing for a text that is neither; `Buffer.from` would pass over what does not belong. */
function decoded(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (/^(?:[\da-f]{2})+$/iu.test(trimmed)) return Buffer.from(trimmed, 'hex');
  return /^[\w+/-]+={0,2}$/u.test(trimmed) ? Buffer.from(trimmed, 'base64') : undefined;
}

/** A key is never shown: `got` tells of what kind it was. */
function issue(key: string, wrong: Omit<ConfigurationIssue, 'key' | 'source'>): ConfigurationIssue {
  return { key, source: 'option', ...wrong };
}
