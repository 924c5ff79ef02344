import { ConfigurationError } from '../secret/errors.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import { describeKind } from '../options/redact.ts';
import type { Envelope } from './envelope.ts';

/** 32 bytes, raw or as base64 or hex text; or a passphrase from which 32 bytes are derived. */
export type SealingKey = Uint8Array | string | { readonly passphrase: string };

/** The key that encrypts stored secrets. Set exactly one of the three options. */
export interface KeyringOptions {
  /** 32 bytes, or their base64 or hex text. Generate one with `openssl rand -base64 32`. */
  readonly key?: SealingKey | undefined;
  /** Several keys, for key rotation: the first one encrypts, all of them decrypt. */
  readonly keys?: readonly SealingKey[] | undefined;
  /** At least 12 characters. The key is derived with scrypt, once per process. Prefer `key`: a passphrase can be guessed. */
  readonly passphrase?: string | undefined;
}

export const keyringOptionNames: readonly (keyof KeyringOptions)[] = ['key', 'keys', 'passphrase'];

/** Validated keys. Deriving a key from a passphrase takes time and a salt, so it happens in `unlock`, on first use. */
export interface Keyring {
  /** Whether `unlock` uses its salt, which only a passphrase needs. */
  readonly needsSalt: boolean;
  /** Pending while keys are derived from a passphrase. See `SecretStore.preparing`. */
  readonly deriving: Promise<unknown> | undefined;
  /** Derives the keys. All processes that share the stored entries must use the same salt. */
  unlock(salt: Uint8Array | string): Promise<Envelope>;
}

const keyLength = 32;
const minPassphraseLength = 12;
/** The minimum that OWASP recommends for scrypt with 16 MB of memory: about 0.1 s, off the main thread. */
const scryptCost = { N: 16_384, r: 8, p: 5 };

/** Validates the keys, so that a mistake fails when the store is created. Throws `ConfigurationError`. */
export function createKeyring(options: KeyringOptions): Keyring {
  const { keyring, issues } = parseKeyring(options);
  if (keyring === undefined) throw new ConfigurationError(issues);
  return keyring;
}

/** Same as `createKeyring`, but returns the issues, so that a store can add its own. */
export function parseKeyring(options: KeyringOptions): {
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
        : entriesOf(options.keys);
  if (list.length === 0) {
    const expected = 'a non-empty list of keys: the first one encrypts, all of them decrypt';
    return { keyring: undefined, issues: [issue('keys', { got: describeKind(options.keys), expected })] };
  }
  const parsed = list.map(([option, key]) => parseKey(option, key));
  const issues = parsed.flatMap((one) => ('expected' in one ? [one] : []));
  if (issues.length > 0) return { keyring: undefined, issues };
  const materials = parsed.flatMap((one) => ('expected' in one ? [] : [one]));
  return { keyring: keyringOf(materials), issues };
}

type KeyMaterial = { readonly bytes: Uint8Array } | { readonly passphrase: string };

function keyringOf(materials: readonly KeyMaterial[]): Keyring {
  const needsSalt = materials.some((material) => 'passphrase' in material);
  let deriving: Promise<unknown> | undefined;
  return {
    needsSalt,
    get deriving() {
      return deriving;
    },
    async unlock(salt) {
      // Before the keys, whose derivation imports `node:crypto` too: Jest cannot load a module twice at a time.
      const { SealedEnvelope } = await import('./envelope.ts');
      const keys = Promise.all(
        materials.map(async (material) =>
          'bytes' in material ? material.bytes : deriveKey(material.passphrase, salt),
        ),
      );
      if (!needsSalt) return new SealedEnvelope(await keys);
      const derivation = keys.finally(() => {
        if (deriving === derivation) deriving = undefined;
      });
      deriving = derivation;
      return new SealedEnvelope(await derivation);
    },
  };
}

async function deriveKey(passphrase: string, salt: Uint8Array | string): Promise<Uint8Array> {
  const { scrypt } = await import('node:crypto');
  return new Promise((resolve, reject) => {
    // Unicode can compose the same letter in two ways; NFKC makes them the same bytes.
    scrypt(passphrase.normalize('NFKC'), salt, keyLength, scryptCost, (error, bytes) =>
      error === null ? resolve(bytes) : reject(error),
    );
  });
}

function entriesOf(keys: unknown): readonly (readonly [string, unknown])[] {
  if (!Array.isArray(keys)) return [];
  return keys.map((key: unknown, index) => [`keys[${index}]`, key]);
}

function parseKey(option: string, key: unknown): KeyMaterial | ConfigurationIssue {
  if (typeof key === 'object' && key !== null && 'passphrase' in key) {
    const { passphrase } = key;
    if (typeof passphrase === 'string' && passphrase.trim().length >= minPassphraseLength) return { passphrase };
    return issue(option, {
      got: describeKind(passphrase),
      expected: `a passphrase of at least ${minPassphraseLength} characters`,
    });
  }
  const bytes = typeof key === 'string' ? decodeKey(key) : isBytes(key) ? key : undefined;
  if (bytes?.length !== keyLength) {
    const got = bytes === undefined ? describeKind(key) : `${bytes.length} bytes`;
    return issue(option, { got, expected: `a key of ${keyLength} bytes, raw or as base64 or hex text`, example });
  }
  if (bytes.every((byte) => byte === bytes[0])) {
    return issue(option, { got: `the same byte ${keyLength} times`, expected: 'a random key', example });
  }
  // Copied, so that the caller can overwrite its array.
  return { bytes: Uint8Array.from(bytes) };
}

/** Not `instanceof`: inside Jest, a `Buffer` is an array of another realm. */
function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}

const example = 'the output of `openssl rand -base64 32`';

/** `undefined` for text that is neither hex nor base64; `Buffer.from` would skip the invalid characters. */
function decodeKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (/^(?:[\da-f]{2})+$/iu.test(trimmed)) return Buffer.from(trimmed, 'hex');
  return /^[\w+/-]+={0,2}$/u.test(trimmed) ? Buffer.from(trimmed, 'base64') : undefined;
}

/** `got` must name only the type of a key, never its value. */
function issue(key: string, details: Omit<ConfigurationIssue, 'key' | 'source'>): ConfigurationIssue {
  return { key, source: 'option', ...details };
}
