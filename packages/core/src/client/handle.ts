import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ReadOptions, RefreshReadOptions } from '../options/options.ts';
import type { SecretListener, Subscription } from '../secret/events.ts';
import type { Secret } from '../secret/secret.ts';

type StageOption = Pick<ReadOptions, 'stage'>;

/** The part of a `SecretClient` that a handle uses. */
export interface HandleSource {
  get(name: string, options?: StageOption): Promise<Secret>;
  current(name: string, options?: StageOption): Secret;
  refresh(name: string, options?: RefreshReadOptions): Promise<Secret>;
  pin(name: string, options?: StageOption): () => void;
  on(
    event: 'rotated',
    listener: SecretListener<'rotated'>,
    options: { readonly name: string; readonly stage?: string | undefined },
  ): Subscription;
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
 * handle follows rotations.
 *
 * A handle keeps its secret fresh although nothing reads it, until `dispose()` is called or the client is closed. Share one handle
 * instead of creating one per request. It sends no request itself: read or preload the secret.
 */
export class SecretHandle<Json = unknown> {
  readonly name: string;
  readonly #client: HandleSource;
  readonly #stage: StageOption | undefined;
  readonly #schema: StandardSchemaV1<unknown, Json> | undefined;
  readonly #unpin: () => void;

  constructor(client: HandleSource, name: string, { stage, schema }: HandleOptions<Json> = {}) {
    this.#client = client;
    this.name = name;
    // `undefined` for the default stage: a read without options takes the fastest path of the client.
    this.#stage = stage === undefined ? undefined : { stage };
    this.#schema = schema;
    this.#unpin = client.pin(name, this.#stage);
  }

  /**
   * The version in memory now, without waiting. It must have been read before, by `get()` or a preload. Past its TTL it is stale, and its
   * refresh starts.
   *
   * Throws the refusal of KMS, with its own code; `SecretUnavailableError` if the secret has not been read yet, was dropped or is too
   * old; or `ClientClosedError`.
   */
  get current(): Secret {
    return this.#stage === undefined ? this.#client.current(this.name) : this.#client.current(this.name, this.#stage);
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

  /** Fetches the secret from KMS, as `SecretClient.refresh` does. */
  refresh(options?: Pick<RefreshReadOptions, 'unlessNewerThan' | 'signal'>): Promise<Secret> {
    return this.#client.refresh(this.name, { ...options, ...this.#stage });
  }

  /**
   * Calls `listener` with the `rotated` event of each new version, also if the secret was not in memory in between. Returns a function
   * that removes it. Until then, the listener keeps the secret fresh, and the client fetches it if it is not in memory. If a listener
   * throws or rejects, the client logs that.
   */
  onRotate(listener: SecretListener<'rotated'>): Subscription {
    return this.#client.on('rotated', listener, { name: this.name, ...this.#stage });
  }

  /** The handle no longer keeps its secret fresh. It can still be read. Listeners of `onRotate` stay. */
  dispose(): void {
    this.#unpin();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
