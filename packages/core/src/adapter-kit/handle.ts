import type { StandardSchemaV1 } from '@standard-schema/spec';
import { SecretUnavailableError } from '../secret/errors.ts';
import type { SecretListener } from '../secret/events.ts';
import type { Secret } from '../secret/secret.ts';
import type { ClientDescription } from '../secret/status.ts';

/** What a handle asks of its client; a `SecretClient` has more. */
export interface HandleSource {
  get(name: string): Promise<Secret>;
  peek(name: string): Secret | undefined;
  on(event: 'rotated', listener: SecretListener<'rotated'>): () => void;
  describe(): ClientDescription;
}

/**
 * One secret by its name, for code that lives longer than a version of it: hand out the handle, not the value, and
 * rotation is followed.
 *
 * It holds nothing that would have to be ended: a handle for each use is as good as one for the whole program.
 */
export class SecretHandle {
  readonly name: string;
  readonly #client: HandleSource;
  #latest: Secret | undefined;

  constructor(client: HandleSource, name: string) {
    this.#client = client;
    this.name = name;
    this.#latest = client.peek(name);
  }

  /**
   * The version that is in memory now, without waiting. It is fetched by whoever reads it first: `get()`, or the option
   * `preload`.
   *
   * Throws `SecretUnavailableError` if it has not been read yet, or is no longer kept: refused by KMS, or too old.
   */
  get current(): Secret {
    const secret = this.#client.peek(this.name);
    if (secret === undefined) return this.#stillKept();
    this.#latest = secret;
    return secret;
  }

  /** The value of `current`; throws `SecretTypeError` if the secret is binary. */
  text(): string {
    return this.current.text();
  }

  /** The value of `current` as JSON, checked by `schema` if one is given; see `Secret.json`. */
  json(): unknown;
  json<Schema extends StandardSchemaV1>(schema: Schema): StandardSchemaV1.InferOutput<Schema>;
  json(schema?: StandardSchemaV1): unknown {
    const { current } = this;
    return schema === undefined ? current.json() : current.json(schema);
  }

  /** Reads it, as `SecretClient.get` does: from memory while it is fresh, else from KMS. */
  get(): Promise<Secret> {
    return this.#client.get(this.name);
  }

  /**
   * Calls `listener` with each new version; returns a function that ends it. A listener that throws, or rejects, is
   * reported to the client's logger.
   */
  onRotate(listener: SecretListener<'rotated'>): () => void {
    return this.#client.on('rotated', (event) => {
      // Another stage of the same secret has rotations of its own.
      return event.name === this.name && this.#client.peek(this.name) === event.secret ? listener(event) : undefined;
    });
  }

  /**
   * After a time in which the process was frozen, a value is past its TTL before anybody could fetch it again. `peek` has
   * nothing then, because a reader who can wait should. Here nobody can: what is still kept, and not expired, is handed out.
   */
  #stillKept(): Secret {
    const { name } = this;
    const latest = this.#latest;
    const isKept = this.#client
      .describe()
      .secrets.some(
        (kept) => kept.name === name && kept.versionId === latest?.versionId && kept.freshness !== 'expired',
      );
    this.#latest = isKept ? latest?.asStale() : undefined;
    if (this.#latest !== undefined) return this.#latest;
    const reason =
      latest === undefined
        ? 'it has not been read yet. Await get() first, or name it in the option preload and await ready()'
        : 'it was dropped: KMS refuses it, it was invalidated, it grew too old, or the client is closed. Await get(), which says why';
    throw new SecretUnavailableError(`Secret "${name}" is not in memory: ${reason}.`, {
      secretName: name,
      attempts: [],
    });
  }
}
