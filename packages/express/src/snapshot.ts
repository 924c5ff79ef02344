import type { Secret, SecretClient } from '@kms-secrets/core';
import type { Request } from 'express';

/** Any Standard Schema validator, and what it makes of a secret: just what `Secret.json` takes and gives. */
export type Schema = Parameters<Secret['json']>[0];
export type Output<Validator extends Schema> = NonNullable<Validator['~standard']['types']>['output'];

/** Marks ours across copies of this package, because others may put something on `req.secrets` as well. */
const brand: unique symbol = Symbol.for('@kms-secrets/express.secrets');

/** Whether this was put on a request by a middleware of ours. */
export function isSnapshot(present: unknown): boolean {
  return typeof present === 'object' && present !== null && brand in present;
}

/**
 * The secrets as one request sees them: whatever it has seen of a name first, it sees until its end.
 *
 * All of it sits in `#private` fields, which nothing that prints or serialises a request can see.
 */
export class Snapshot {
  readonly #client: SecretClient;
  readonly #pinned = new Map<string, Secret>();

  private constructor(client: SecretClient) {
    this.#client = client;
    Object.defineProperty(this, brand, { value: true });
  }

  /** The one that is on the request; if there is none, or one of another client, a new one, which takes its place. */
  static on(req: Request, client: SecretClient): Snapshot {
    const present: unknown = req.secrets;
    if (present instanceof Snapshot && present.#client === client) return present;
    const snapshot = new Snapshot(client);
    // Not enumerable: who logs or copies a request goes through what is.
    Object.defineProperty(req, 'secrets', { value: snapshot, configurable: true, enumerable: false });
    return snapshot;
  }

  /** Adds names, all as they are at one moment; returns nothing if they were in memory and there is nothing to wait for. */
  take(names: readonly string[]): Promise<void> | undefined {
    const wanted = names.filter((name) => !this.#pinned.has(name));
    const held = new Map<string, Secret>();
    for (const name of wanted) {
      const secret = this.#client.peek(name);
      if (secret === undefined) return this.#fetch(wanted);
      held.set(name, secret);
    }
    for (const [name, secret] of held) this.#pin(name, secret);
    return undefined;
  }

  async get(name: string): Promise<Secret> {
    return this.#pinned.get(name) ?? this.#pin(name, await this.#client.get(name));
  }

  secret(name: string): Secret {
    const secret = this.#pinned.get(name);
    if (secret !== undefined) return secret;
    throw new Error(
      `Secret "${name}" is not in the snapshot of this request. Add it to the names in secrets(client, { preload: [...] }), or read it with await req.secrets.get("${name}").`,
    );
  }

  text(name: string): string {
    return this.secret(name).text();
  }

  json(name: string): unknown;
  json<Validator extends Schema>(name: string, schema: Validator): Output<Validator>;
  json(name: string, schema?: Schema): unknown {
    const secret = this.secret(name);
    return schema === undefined ? secret.json() : secret.json(schema);
  }

  async #fetch(names: readonly string[]): Promise<void> {
    const secrets = await this.#client.getMany(names);
    for (const [name, secret] of Object.entries(secrets)) this.#pin(name, secret);
  }

  /** The first to come stays: another read of the same name may have been under way. */
  #pin(name: string, secret: Secret): Secret {
    const first = this.#pinned.get(name) ?? secret;
    this.#pinned.set(name, first);
    return first;
  }
}
