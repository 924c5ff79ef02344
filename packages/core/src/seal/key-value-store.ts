import { unknownOptions } from '../options/unknown-options.ts';
import type { SecretStore, StoredSecret } from '../ports/store.ts';
import { ConfigurationError } from '../secret/errors.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { EntryLocation, Envelope, SecretEntry, UnsealFailure } from './envelope.ts';
import { keyringOptionNames, parseKeyring } from './keyring.ts';
import type { Keyring, KeyringOptions } from './keyring.ts';

/** A simple storage of texts by key, such as a `Map`, a cache library or a table. Methods may be synchronous. */
export interface KeyValueStorage {
  get(key: string): Promise<string | undefined | null> | string | undefined | null;
  set(key: string, value: string): unknown;
  delete(key: string): unknown;
}

export interface KeyValueStoreOptions extends KeyringOptions {
  /** Type and location for logs and events. Must not contain credentials. */
  readonly name: string;
  readonly storage: KeyValueStorage;
  /** Precedes every key in the storage, and is the salt of a passphrase. Default: `kms-secrets:`. */
  readonly prefix?: string | undefined;
}

/** The sealed entries of one secret by field, as base64. Values of another form are kept: a later release may have written them. */
type Bundle = Readonly<Record<string, unknown>>;

/**
 * Makes a `SecretStore` of a simple storage. Values are encrypted and bound to their key; keys are hashes of names.
 *
 * All stages and versions of a secret are one value, which is read, changed and written. Changes of this process are in order.
 * Processes that share the storage may overwrite each other's changes: use `@kms-secrets/redis` for a fleet.
 *
 * Throws `ConfigurationError` for an invalid key or storage.
 */
export function keyValueStore(options: KeyValueStoreOptions): SecretStore {
  const { keyring, issues } = parseKeyring(options);
  const known = ['name', 'storage', 'prefix', ...keyringOptionNames];
  const allIssues = [...unknownOptions(options, 'keyValueStore()', known), ...issues, ...storageIssues(options)];
  if (keyring === undefined || allIssues.length > 0) throw new ConfigurationError(allIssues);
  return new KeyValueStore(keyring, options);
}

class KeyValueStore implements SecretStore {
  readonly name: string;
  readonly #storage: KeyValueStorage;
  readonly #prefix: string;
  readonly #keyring: Keyring;
  #envelope: Promise<Envelope> | undefined;
  #keyIds: readonly string[] | undefined;
  /** The last change of each key, which the next one waits for. */
  readonly #changes = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(keyring: Keyring, { name, storage, prefix = 'kms-secrets:' }: KeyValueStoreOptions) {
    this.name = name;
    this.#storage = storage;
    this.#prefix = prefix;
    this.#keyring = keyring;
  }

  get preparing(): Promise<unknown> | undefined {
    return this.#keyring.deriving;
  }

  get keyIds(): readonly string[] | undefined {
    return this.#keyIds;
  }

  async read(request: SecretRequest): Promise<StoredSecret | undefined> {
    if (this.#isClosed) return undefined;
    const envelope = await this.#open();
    const entries: StoredSecret[] = [];
    for (const location of envelope.locations(request)) {
      const bundle = await this.#load(this.#keyOf(location));
      for (const format of envelope.formats) {
        const entry = unsealFrom(bundle, location, format);
        if (entry !== undefined && 'secret' in entry) entries.push(entry.secret);
      }
    }
    // Of all keys and formats: while they change, another process may still write the previous ones.
    const [newest] = entries.toSorted((one, other) => other.fetchedAt - one.fetchedAt);
    return newest;
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    const envelope = await this.#open();
    const [location, ...oldLocations] = envelope.locations(request);
    await this.#change(this.#keyOf(location), (bundle) => {
      const entry = unsealFrom(bundle, location, envelope);
      if (entry !== undefined && !isReplaceable(entry, secret)) return bundle;
      const sealed = envelope.seal({ request, secret }, location).toString('base64');
      return { ...bundle, [envelope.fieldOf(location)]: sealed };
    });
    // An old key can be retired when nothing is sealed with it any more.
    for (const old of oldLocations) await this.#dropOlder(envelope, old, secret);
  }

  async #dropOlder(envelope: Envelope, location: EntryLocation, { fetchedAt }: StoredSecret): Promise<void> {
    await this.#change(this.#keyOf(location), (bundle) => {
      const entry = unsealFrom(bundle, location, envelope);
      const isOlder = entry !== undefined && 'secret' in entry && entry.secret.fetchedAt < fetchedAt;
      return isOlder ? without(bundle, location.requestHash) : bundle;
    });
  }

  async remove(request: SecretRequest): Promise<void> {
    const envelope = await this.#open();
    for (const location of envelope.locations(request)) {
      await this.#change(this.#keyOf(location), (bundle) => without(bundle, location.requestHash));
    }
  }

  async removeAll(name: string): Promise<void> {
    const envelope = await this.#open();
    for (const location of envelope.locations({ name })) await this.#change(this.#keyOf(location), () => ({}));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#changes.values());
  }

  #open(): Promise<Envelope> {
    this.#envelope ??= this.#keyring.unlock(`kms-secrets key-value ${this.#prefix}`).then((envelope) => {
      this.#keyIds = envelope.keyIds;
      return envelope;
    });
    return this.#envelope;
  }

  #keyOf({ keyId, nameHash }: EntryLocation): string {
    return `${this.#prefix}${keyId}:${nameHash}`;
  }

  async #load(key: string): Promise<Bundle> {
    return parseBundle(await this.#storage.get(key));
  }

  async #change(key: string, change: (bundle: Bundle) => Bundle): Promise<void> {
    const previous = this.#changes.get(key) ?? Promise.resolve();
    const next = previous
      .catch(() => {}) // reported to the caller of that change
      .then(async () => {
        const bundle = await this.#load(key);
        const changed = change(bundle);
        if (changed === bundle) return;
        await (Object.keys(changed).length === 0
          ? this.#storage.delete(key)
          : this.#storage.set(key, JSON.stringify(changed)));
      });
    this.#changes.set(key, next);
    try {
      await next;
    } finally {
      if (this.#changes.get(key) === next) this.#changes.delete(key);
    }
  }
}

/** A value that is not a bundle counts as empty: the next write replaces it. */
function parseBundle(text: unknown): Bundle {
  if (typeof text !== 'string') return {};
  try {
    const bundle: unknown = JSON.parse(text);
    if (typeof bundle !== 'object' || bundle === null || Array.isArray(bundle)) return {};
    return bundle as Bundle;
  } catch {
    return {};
  }
}

/** Removes the entry of a request in every format, those of later releases included. */
function without(bundle: Bundle, requestHash: string): Bundle {
  return Object.fromEntries(Object.entries(bundle).filter(([field]) => !field.startsWith(requestHash)));
}

function unsealFrom(
  bundle: Bundle,
  location: EntryLocation,
  envelope: Envelope,
): SecretEntry | UnsealFailure | undefined {
  const sealed = bundle[envelope.fieldOf(location)];
  return typeof sealed !== 'string' ? undefined : envelope.unseal(Buffer.from(sealed, 'base64'), location);
}

function isReplaceable(entry: SecretEntry | UnsealFailure, secret: StoredSecret): boolean {
  return 'secret' in entry ? entry.secret.fetchedAt <= secret.fetchedAt : entry.isNewer !== true;
}

function storageIssues({ name, storage }: KeyValueStoreOptions): readonly ConfigurationIssue[] {
  const issues: ConfigurationIssue[] = [];
  if (typeof name !== 'string' || name === '') {
    issues.push({ key: 'name', source: 'option', expected: 'the name of the store for logs' });
  }
  if (!isStorage(storage)) {
    issues.push({ key: 'storage', source: 'option', expected: 'an object with get(), set() and delete()' });
  }
  return issues;
}

function isStorage(storage: unknown): storage is KeyValueStorage {
  if (typeof storage !== 'object' || storage === null) return false;
  return ['get', 'set', 'delete'].every((method) => typeof Reflect.get(storage, method) === 'function');
}
