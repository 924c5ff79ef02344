import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isSecretError, SecretUnavailableError } from '../secret/errors.ts';
import type { SecretErrorCode } from '../secret/errors.ts';
import { markInstances, warnOfOtherVersion } from '../secret/package-copy.ts';
import type { ReadOptions } from '../options/options.ts';
import type { JsonOf, NameOf, NamesUnder } from './declared-names.ts';
import type { Secret } from '../secret/secret.ts';
import { Drops } from './drops.ts';
import type { DropSource } from './drops.ts';

/** The part of a `SecretClient` that a snapshot uses. */
export interface SnapshotSource extends DropSource {
  peek(name: string, options?: ReadOptions): Secret | undefined;
  get(name: string, options?: ReadOptions): Promise<Secret>;
  getMany(names: readonly string[]): Promise<Readonly<Record<string, Secret>>>;
}

export interface MountOptions {
  /** The name of the client for `of(as)`. Without it, the client is the default one of the snapshot. */
  readonly as?: string | undefined;
  /** Names to read at once, so that `secret`, `text` and `json` find them without waiting. */
  readonly preload?: readonly string[] | undefined;
  /** The schema that `json(name)` validates with, by name. */
  readonly schemas?: ReadonlyMap<string, StandardSchemaV1> | undefined;
}

interface Pinned {
  readonly secret: Secret;
  /** Created by the first `get`, then shared. */
  promise: Promise<Secret> | undefined;
  /** The value of `Drops.count` when it was last known not to be refused. */
  checkedAt: number;
}

/** The errors with which KMS refuses a secret. */
const refusals: readonly SecretErrorCode[] = ['ERR_ACCESS_DENIED', 'ERR_SECRET_DISABLED', 'ERR_SECRET_NOT_FOUND'];

/** Shared: most snapshots have no schema, and none should pay for a map of its own. */
const noSchemas: ReadonlyMap<string, StandardSchemaV1> = new Map();

/**
 * The secrets as one request sees them: the first version that the request reads stays until the request ends. Later requests
 * see a rotation. A secret that KMS refuses is no longer returned, also in a request that lives for days. An adapter creates one
 * snapshot per request.
 *
 * All state is in `#private` fields, which no printer or serializer of requests can see.
 */
export class SecretSnapshot<Names extends object = {}, Clients extends object = {}> {
  readonly #pinned = new Map<string, Pinned>();
  #source: SnapshotSource | undefined;
  #drops: Drops | undefined;
  #schemas = noSchemas;
  #named: Map<string, SecretSnapshot> | undefined;

  /**
   * Reads a secret; rejects as `SecretClient.get` does. Another `stage` or a `versionId` is a value of its own: `secret`, `text` and `json`
   * return the one that was read without them.
   */
  get(name: NameOf<Names>, options?: ReadOptions): Promise<Secret> {
    const pinned = this.#pinned.get(options === undefined ? name : pinKey(name, options));
    if (pinned === undefined) return this.#read(name, options);
    if (pinned.checkedAt !== this.#drops?.count) return this.#readAgain(pinned, name, options);
    // One promise for all reads: a repeated read costs a map look-up.
    pinned.promise ??= Promise.resolve(pinned.secret);
    return pinned.promise;
  }

  /**
   * A secret that was preloaded, or that this request has read, without waiting. Throws an `Error` for any other name, and the error of
   * KMS if it has refused the secret since.
   */
  secret(name: NameOf<Names>): Secret {
    const pinned = this.#pinned.get(name);
    if (pinned !== undefined) {
      if (this.#drops?.isRefusedSince(name, pinned.checkedAt) === true) {
        throw this.#drops.refusalOf(name) ?? refusedError(name);
      }
      return pinned.secret;
    }
    this.#mounted();
    throw new Error(
      `Secret "${name}" is not in the snapshot of this request. Add it to the preloaded names, preload: ["${name}"], or read it with await ….get("${name}") first.`,
    );
  }

  /** The value of `secret(name)`. Throws `SecretTypeError` if it is binary. */
  text(name: NameOf<Names>): string {
    return this.secret(name).text();
  }

  /**
   * The value of `secret(name)` as JSON, validated by `schema`, else by the schema declared for the name. Throws
   * `SecretTypeError` if it is not JSON or does not match.
   */
  json<Name extends NameOf<Names>>(name: Name): JsonOf<Names, Name>;
  json<Schema extends StandardSchemaV1>(name: NameOf<Names>, schema: Schema): StandardSchemaV1.InferOutput<Schema>;
  json(name: NameOf<Names>, schema: StandardSchemaV1 | undefined = this.#schemas.get(name)): unknown {
    const secret = this.secret(name);
    return schema === undefined ? secret.json() : secret.json(schema);
  }

  /** The secrets of the client mounted as `as`, for the same request. Throws an `Error` if there is none. */
  of<As extends NameOf<Clients>>(as: As): SecretSnapshot<NamesUnder<Clients, As>> {
    const snapshot = this.#named?.get(as);
    if (snapshot === undefined) throw notMounted(as);
    return snapshot as unknown as SecretSnapshot<NamesUnder<Clients, As>>; // declared by the code that mounted it
  }

  /** Pins more names, all as they are at one moment. Returns `undefined` if all were in memory, so that nothing has to wait. */
  preload(names: readonly NameOf<Names>[]): Promise<void> | undefined {
    return this.#preload(names);
  }

  /**
   * Sets the client to read from, as the default or, with `as`, for `of(as)`, and preloads names; for adapters. A second mount
   * of the same client keeps the pinned secrets and adds names and schemas.
   *
   * Throws an `Error` if another client is mounted in its place: what a route reads must not depend on the last mount.
   */
  mount(source: SnapshotSource, options: MountOptions = {}): Promise<void> | undefined {
    const { as } = options;
    if (as === undefined) return this.#readFrom(source, options);
    const snapshot = this.#named?.get(as) ?? new SecretSnapshot();
    this.#named ??= new Map();
    this.#named.set(as, snapshot);
    return snapshot.#readFrom(source, options);
  }

  #readFrom(source: SnapshotSource, { as, schemas, preload = [] }: MountOptions): Promise<void> | undefined {
    if (this.#source !== undefined && this.#source !== source) {
      const which = as === undefined ? 'without a name' : `as "${as}"`;
      throw new Error(`Two clients are mounted ${which} on one request. Give one of them another name, { as: '…' }.`);
    }
    this.#source = source;
    this.#drops = Drops.of(source);
    if (schemas !== undefined) this.#schemas = merged(this.#schemas, schemas);
    return this.#preload(preload);
  }

  #preload(names: readonly string[]): Promise<void> | undefined {
    const wanted = names.filter((name) => !this.#pinned.has(name));
    if (wanted.length === 0) return undefined;
    const source = this.#mounted();
    const inMemory = new Map<string, Secret>();
    for (const name of wanted) {
      const secret = source.peek(name);
      if (secret === undefined) return this.#fetch(source, wanted);
      inMemory.set(name, secret);
    }
    for (const [name, secret] of inMemory) this.#pin(name, secret);
    return undefined;
  }

  async #read(name: string, options?: ReadOptions): Promise<Secret> {
    return this.#pin(pinKey(name, options), await this.#mounted().get(name, options));
  }

  /** Reads a pinned secret after the client has dropped secrets. The pinned version stays, unless KMS refuses the secret. */
  async #readAgain(pinned: Pinned, name: string, options?: ReadOptions): Promise<Secret> {
    const source = this.#mounted();
    const key = pinKey(name, options);
    // `Drops` knows the default stage only. Another one that was refused is not in memory.
    const isRefused = key === name && this.#drops?.isRefusedSince(name, pinned.checkedAt) === true;
    if (isRefused || source.peek(name, options) === undefined) {
      try {
        const current = await source.get(name, options);
        if (isRefused) this.#pinned.delete(key);
        return this.#pin(key, current);
      } catch (error) {
        // An outage says nothing about the secret.
        if (!isRefused && !isSecretError(error, refusals)) return pinned.secret;
        this.#pinned.delete(key);
        throw error;
      }
    }
    return this.#pin(key, pinned.secret);
  }

  async #fetch(source: SnapshotSource, names: readonly string[]): Promise<void> {
    const secrets = await source.getMany(names);
    for (const [name, secret] of Object.entries(secrets)) this.#pin(name, secret);
  }

  /** The first version wins: a concurrent read of the same name may have ended before. */
  #pin(key: string, secret: Secret): Secret {
    const checkedAt = this.#drops?.count ?? 0;
    const first = this.#pinned.get(key) ?? { secret, promise: undefined, checkedAt };
    first.checkedAt = checkedAt;
    this.#pinned.set(key, first);
    return first.secret;
  }

  static {
    markInstances(this.prototype);
  }

  #mounted(): SnapshotSource {
    if (this.#source === undefined) throw notMounted();
    return this.#source;
  }
}

/** The name, or for another stage or version a text that no name equals: names have no line breaks. */
function pinKey(name: string, { stage, versionId }: ReadOptions = {}): string {
  return stage === undefined && versionId === undefined ? name : `${name}\n${stage ?? ''}\n${versionId ?? ''}`;
}

/** Checks methods, not the class: the snapshot on a request may come from another copy of this package. */
export function isSecretSnapshot(value: unknown): value is SecretSnapshot {
  if (typeof value !== 'object' || value === null) return false;
  if (!['preload', 'mount', 'of'].every((method) => typeof Reflect.get(value, method) === 'function')) return false;
  warnOfOtherVersion(value);
  return true;
}

/** Copies only if both have schemas: this runs for every request. */
function merged(
  present: ReadonlyMap<string, StandardSchemaV1>,
  added: ReadonlyMap<string, StandardSchemaV1>,
): ReadonlyMap<string, StandardSchemaV1> {
  if (added.size === 0) return present;
  return present.size === 0 || present === added ? added : new Map([...present, ...added]);
}

function refusedError(name: string): SecretUnavailableError {
  return new SecretUnavailableError(
    `KMS refused secret "${name}" after this request had read it. Await get("${name}") for the reason.`,
    { secretName: name, attempts: [] },
  );
}

function notMounted(as?: string): Error {
  const which = as === undefined ? 'without a name' : `named "${as}"`;
  const advice = as === undefined ? 'Mount one' : `Mount it with { as: '${as}' }`;
  return new Error(
    `No client ${which} is mounted on this request. ${advice} in front of the routes that read from it.`,
  );
}
