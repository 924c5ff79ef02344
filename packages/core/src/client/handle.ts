import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ReadOptions } from '../options/options.ts';
import { SecretUnavailableError } from '../secret/errors.ts';
import type { SecretListener } from '../secret/events.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretStatus } from '../secret/status.ts';

type StageOption = Pick<ReadOptions, 'stage'>;

/** The part of a `SecretClient` that a handle uses. */
export interface HandleSource {
  get(name: string, options?: StageOption): Promise<Secret>;
  peek(name: string, options?: StageOption): Secret | undefined;
  on(event: 'rotated', listener: SecretListener<'rotated'>): () => void;
  statusOf(name: string, options?: StageOption): SecretStatus | undefined;
}

/** Options of `SecretClient.handle`. */
export interface HandleOptions<Json = unknown> {
  /** The version stage to follow. Default: that of the client. */
  readonly stage?: string | undefined;
  /** Validates the result of `json()`, and gives it its type. Any Standard Schema validator. */
  readonly schema?: StandardSchemaV1<unknown, Json> | undefined;
}

/**
 * A reference to a secret by its name, for code that lives longer than one version of it. Pass the handle, not the value: the
 * handle follows rotations. It holds no resource and need not be closed.
 */
export class SecretHandle<Json = unknown> {
  readonly name: string;
  readonly #client: HandleSource;
  readonly #stage: StageOption | undefined;
  readonly #schema: StandardSchemaV1<unknown, Json> | undefined;
  #latest: Secret | undefined;

  constructor(client: HandleSource, name: string, { stage, schema }: HandleOptions<Json> = {}) {
    this.#client = client;
    this.name = name;
    // `undefined` for the default stage: a read without options takes the fastest path of the client.
    this.#stage = stage === undefined ? undefined : { stage };
    this.#schema = schema;
    this.#latest = this.#peek();
  }

  /**
   * The version in memory now, without waiting. It must have been read before, by `get()` or the option `preload`.
   *
   * Throws `SecretUnavailableError` if it has not been read yet, or if the client has dropped it: refused by KMS, invalidated
   * or expired.
   */
  get current(): Secret {
    const secret = this.#peek() ?? this.#staleOrThrow();
    this.#latest = secret;
    return secret;
  }

  /** The value of `current`. Throws `SecretTypeError` if the secret is binary. */
  text(): string {
    return this.current.text();
  }

  /** The value of `current` as JSON, validated by `schema`; without one, by the schema of the handle. See `Secret.json`. */
  json(): Json;
  json<Schema extends StandardSchemaV1>(schema: Schema): StandardSchemaV1.InferOutput<Schema>;
  json(schema: StandardSchemaV1 | undefined = this.#schema): unknown {
    const { current } = this;
    return schema === undefined ? current.json() : current.json(schema);
  }

  /** Reads the secret, as `SecretClient.get` does: from memory while it is fresh, else from KMS. */
  get(): Promise<Secret> {
    return this.#stage === undefined ? this.#client.get(this.name) : this.#client.get(this.name, this.#stage);
  }

  /**
   * Calls `listener` with the `rotated` event of each new version. Returns a function that removes it. If a listener throws or
   * rejects, the client logs that.
   */
  onRotate(listener: SecretListener<'rotated'>): () => void {
    return this.#client.on('rotated', (event) => {
      // The event may be about another stage of the same secret.
      return event.name === this.name && this.#peek() === event.secret ? listener(event) : undefined;
    });
  }

  #peek(): Secret | undefined {
    return this.#stage === undefined ? this.#client.peek(this.name) : this.#client.peek(this.name, this.#stage);
  }

  /**
   * Returns the last version as stale, while it is in memory and has not expired. Otherwise throws.
   *
   * After the process was suspended, a value can be past its TTL before its refresh ran. `peek` then returns nothing, so that a
   * caller that can wait does so. The caller of a handle cannot wait.
   */
  #staleOrThrow(): Secret {
    const { name } = this;
    const latest = this.#latest;
    const status = this.#client.statusOf(name, this.#stage);
    const isServable = status !== undefined && status.versionId === latest?.versionId && status.freshness !== 'expired';
    if (latest !== undefined && isServable) return latest.asStale();
    this.#latest = undefined; // releases the dropped value
    const reason =
      latest === undefined
        ? 'it has not been read yet. Await get() first, or name it in the option preload and await ready()'
        : 'the client dropped it: KMS refused it, it was invalidated, it expired, or the client is closed. Await get() for the reason';
    throw new SecretUnavailableError(`Secret "${name}" is not in memory: ${reason}.`, {
      secretName: name,
      attempts: [],
    });
  }
}
