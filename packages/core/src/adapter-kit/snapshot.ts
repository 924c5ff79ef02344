import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { JsonOf, NameOf, NamesUnder } from './declared-names.ts';
import type { Secret } from '../secret/secret.ts';

/** What a snapshot reads from: a client. */
export interface SnapshotSource {
  peek(name: string): Secret | undefined;
  get(name: string): Promise<Secret>;
  getMany(names: readonly string[]): Promise<Readonly<Record<string, Secret>>>;
}

/** One for all requests: most have no validator, and none should pay for a map of its own. */
const noSchemas: ReadonlyMap<string, StandardSchemaV1> = new Map();

/**
 * The secrets as one request sees them: whatever it has seen of a name first, it sees until its end. A rotation meanwhile
 * is for the requests after it. An adapter makes one for each request, and lets it go with the request.
 *
 * All of it sits in `#private` fields, which nothing that prints or serialises a request can see.
 */
export class SecretSnapshot<Names extends object = {}, Clients extends object = {}> {
  readonly #pinned = new Map<string, Pinned>();
  #source: SnapshotSource | undefined;
  #schemas = noSchemas;
  #named: Map<string, SecretSnapshot> | undefined;

  /** Reads a secret; rejects as `SecretClient.get` does. */
  get(name: NameOf<Names>): Promise<Secret> {
    const seen = this.#pinned.get(name);
    // The same promise each time: a second read costs what a look at a map does.
    return seen === undefined ? this.#read(name) : (seen.settled ??= Promise.resolve(seen.secret));
  }

  /** A secret that was taken, or has been read by this request, without waiting; so do `text` and `json`. Throws for any other. */
  secret(name: NameOf<Names>): Secret {
    const seen = this.#pinned.get(name);
    if (seen !== undefined) return seen.secret;
    this.#mounted();
    throw new Error(
      `Secret "${name}" is not in the snapshot of this request. Add it to the names that every request finds, preload: ["${name}"], or read it with await ….get("${name}") first.`,
    );
  }

  text(name: NameOf<Names>): string {
    return this.secret(name).text();
  }

  /** Its JSON, checked by `schema`, or else by the validator that was declared for the name, if there is one. */
  json<Name extends NameOf<Names>>(name: Name): JsonOf<Names, Name>;
  json<Schema extends StandardSchemaV1>(name: NameOf<Names>, schema: Schema): StandardSchemaV1.InferOutput<Schema>;
  json(name: NameOf<Names>, schema: StandardSchemaV1 | undefined = this.#schemas.get(name)): unknown {
    const secret = this.secret(name);
    return schema === undefined ? secret.json() : secret.json(schema);
  }

  /** The secrets of the client that is mounted `as` this, seen by the same request; throws if none is. */
  of<As extends NameOf<Clients>>(as: As): SecretSnapshot<NamesUnder<Clients, As>> {
    const snapshot = this.#named?.get(as);
    if (snapshot === undefined) throw notMounted(as);
    return snapshot as unknown as SecretSnapshot<NamesUnder<Clients, As>>; // declared by the one who mounted it
  }

  /** Adds names, all as they are at one moment; returns nothing if they were in memory and there is nothing to wait for. */
  take(names: readonly NameOf<Names>[]): Promise<void> | undefined {
    return this.#take(names);
  }

  #take(names: readonly string[]): Promise<void> | undefined {
    const wanted = names.filter((name) => !this.#pinned.has(name));
    if (wanted.length === 0) return undefined;
    const source = this.#mounted();
    const held = new Map<string, Secret>();
    for (const name of wanted) {
      const secret = source.peek(name);
      if (secret === undefined) return this.#fetch(source, wanted);
      held.set(name, secret);
    }
    for (const [name, secret] of held) this.#pin(name, secret);
    return undefined;
  }

  /**
   * Reads from this client, in `of(as)` if a name is given, and takes the names of `preload` as `take` does; for adapters.
   * Mounted again, what the request has seen stays, and validators and names are added.
   *
   * Throws if another client is there already: who reads must not have to know who mounted last.
   */
  mount(source: SnapshotSource, options: MountOptions = {}): Promise<void> | undefined {
    const { as } = options;
    if (as === undefined) return this.#readFrom(source, options);
    const snapshot = this.#named?.get(as) ?? new SecretSnapshot();
    (this.#named ??= new Map()).set(as, snapshot);
    return snapshot.#readFrom(source, options);
  }

  #readFrom(source: SnapshotSource, { as, schemas, preload = [] }: MountOptions): Promise<void> | undefined {
    if (this.#source !== undefined && this.#source !== source) {
      const which = as === undefined ? 'without a name' : `as "${as}"`;
      throw new Error(`Two clients are mounted ${which} on one request. Give one of them another name, { as: '…' }.`);
    }
    this.#source = source;
    if (schemas !== undefined) this.#schemas = joined(this.#schemas, schemas);
    return this.#take(preload);
  }

  async #read(name: string): Promise<Secret> {
    return this.#pin(name, await this.#mounted().get(name));
  }

  async #fetch(source: SnapshotSource, names: readonly string[]): Promise<void> {
    const secrets = await source.getMany(names);
    for (const [name, secret] of Object.entries(secrets)) this.#pin(name, secret);
  }

  /** The first to come stays: another read of the same name may have been under way. */
  #pin(name: string, secret: Secret): Secret {
    const first = this.#pinned.get(name) ?? { secret, settled: undefined };
    this.#pinned.set(name, first);
    return first.secret;
  }

  #mounted(): SnapshotSource {
    if (this.#source === undefined) throw notMounted();
    return this.#source;
  }
}

interface Pinned {
  readonly secret: Secret;
  settled: Promise<Secret> | undefined;
}

export interface MountOptions {
  /** The name under which `of` finds it; without one, it is the client that is read without `of`. */
  readonly as?: string | undefined;
  /** The names that are read without waiting. */
  readonly preload?: readonly string[] | undefined;
  /** What checks the JSON of a name. */
  readonly schemas?: ReadonlyMap<string, StandardSchemaV1> | undefined;
}

/** Told by its methods, not by its class: what is on a request may be of another copy of this package. */
export function isSecretSnapshot(value: unknown): value is SecretSnapshot {
  if (typeof value !== 'object' || value === null) return false;
  return ['take', 'mount', 'of'].every((method) => typeof Reflect.get(value, method) === 'function');
}

function joined(
  present: ReadonlyMap<string, StandardSchemaV1>,
  added: ReadonlyMap<string, StandardSchemaV1>,
): ReadonlyMap<string, StandardSchemaV1> {
  // Nearly always there are none, or no others: no copy then, for each request.
  if (added.size === 0) return present;
  return present.size === 0 || present === added ? added : new Map([...present, ...added]);
}

function notMounted(as?: string): Error {
  const which = as === undefined ? 'without a name' : `called "${as}"`;
  const advice = as === undefined ? 'Mount one' : `Mount it, { as: '${as}' },`;
  return new Error(
    `No client ${which} is mounted on this request. ${advice} in front of the routes that read from it.`,
  );
}
