import type { StandardSchemaV1 } from '@standard-schema/spec';
import { SecretTypeError } from './errors.ts';

/** How KMS rotates a managed secret. */
export interface SecretRotation {
  /** `Invalid`: rotation is on, but KMS cannot carry it out. */
  readonly state: 'Enabled' | 'Disabled' | 'Invalid';
  /** Milliseconds between two rotations. */
  readonly interval: number | undefined;
  /** Milliseconds since 1970. */
  readonly lastAt: number | undefined;
  /** Milliseconds since 1970; only while automatic rotation is on. */
  readonly nextAt: number | undefined;
}

/** Everything KMS tells of one version of a secret, `value` being the secret itself. */
export interface SecretFields {
  readonly name: string;
  readonly versionId: string;
  readonly value: string;
  readonly dataType: 'text' | 'binary';
  readonly stages?: readonly string[] | undefined;
  readonly type?: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt?: number | undefined;
  readonly rotation?: SecretRotation | undefined;
  readonly extendedConfig?: Readonly<Record<string, unknown>> | undefined;
  readonly requestId?: string | undefined;
  /** See `Secret.stale`. */
  readonly stale?: boolean | undefined;
}

/** What the fresh and the stale handle of one version share, so that a value is held and parsed once. */
class Content {
  readonly fields: SecretFields;
  parsed: { readonly json: unknown } | undefined;
  validated: WeakMap<StandardSchemaV1, unknown> | undefined;

  constructor(fields: SecretFields) {
    this.fields = fields;
    this.parsed = undefined;
    this.validated = undefined;
  }
}

const currentOnly: readonly string[] = Object.freeze(['ACSCurrent']);

/**
 * One version of a secret, as it was when it was fetched; never changes.
 *
 * The value sits in a `#private` field, which `console.log`, `util.inspect`, `JSON.stringify`, object spread and
 * `structuredClone` cannot see: it is hidden by construction, not by overriding each of them. Only `text()`, `bytes()`
 * and `json()` give it out.
 */
export class Secret {
  readonly name: string;
  readonly versionId: string;
  /** True if it is served past its TTL because KMS could not be reached. */
  readonly stale: boolean;
  #content: Content;

  constructor(fields: SecretFields) {
    this.name = fields.name;
    this.versionId = fields.versionId;
    this.stale = fields.stale ?? false;
    this.#content = new Content(fields);
    // All readers hold the same one: none may change it for another.
    Object.freeze(this);
  }

  /** The stages that sat on this version, such as `ACSCurrent`. */
  get stages(): readonly string[] {
    return this.#content.fields.stages ?? currentOnly;
  }

  /** `Generic`, `Rds`, `Redis`, `PolarDB`, `RAMCredentials`, `ECS`, or what KMS may add. */
  get type(): string {
    return this.#content.fields.type ?? 'Generic';
  }

  get createdAt(): Date | undefined {
    const { createdAt } = this.#content.fields;
    return createdAt === undefined ? undefined : new Date(createdAt);
  }

  /** Only of managed secrets. */
  get rotation(): SecretRotation | undefined {
    return this.#content.fields.rotation;
  }

  /** Only of managed secrets: the account, the instance and what else KMS keeps beside the value. */
  get extendedConfig(): Readonly<Record<string, unknown>> | undefined {
    return this.#content.fields.extendedConfig;
  }

  /** The id of the KMS request that brought it: what Alibaba Cloud's support asks for. */
  get requestId(): string | undefined {
    return this.#content.fields.requestId;
  }

  /**
   * The value of a text secret.
   *
   * Throws `SecretTypeError` if the secret is binary.
   */
  text(): string {
    const { dataType, value } = this.#content.fields;
    if (dataType !== 'text') throw this.#typeError('text', 'binary', 'Call bytes().');
    return value;
  }

  /**
   * The value of a binary secret: the UTF-8 bytes of what KMS holds, or what those stand for in base64. A new copy each time.
   *
   * Throws `SecretTypeError` if the secret is text, or not base64 where that was asked for.
   */
  bytes(options?: { readonly encoding?: 'utf8' | 'base64' | undefined }): Uint8Array {
    const { dataType, value } = this.#content.fields;
    if (dataType !== 'binary') throw this.#typeError('binary', 'text', 'Call text().');
    if (options?.encoding !== 'base64') return new TextEncoder().encode(value);
    try {
      return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    } catch {
      throw this.#typeError('base64', 'binary that is not base64', 'Call bytes() without an encoding.');
    }
  }

  /**
   * The value of a text secret, parsed as JSON, and checked by `schema` (any Standard Schema validator) if one is given.
   * Parsed once and then kept: it is frozen, because every reader gets the same object.
   *
   * Throws `SecretTypeError` if the secret is no JSON, or not what the schema wants.
   */
  json(): unknown;
  json<Schema extends StandardSchemaV1>(schema: Schema): StandardSchemaV1.InferOutput<Schema>;
  json(schema?: StandardSchemaV1): unknown {
    const content = this.#content;
    const json = content.parsed === undefined ? this.#parse() : content.parsed.json;
    if (schema === undefined) return json;
    const known = (content.validated ??= new WeakMap());
    if (!known.has(schema)) known.set(schema, deepFreeze(this.#validate(schema, json)));
    return known.get(schema);
  }

  /** The same version with another text as its value: what a hook returns that unwraps or decrypts. */
  withText(text: string): Secret {
    return new Secret({ ...this.#content.fields, value: text, dataType: 'text', stale: this.stale });
  }

  /** This version as it is handed out while it cannot be refreshed. */
  asStale(): Secret {
    if (this.stale) return this;
    const handle = new Secret({ ...this.#content.fields, stale: true });
    handle.#content = this.#content;
    return handle;
  }

  toString(): string {
    return `Secret(${this.name})`;
  }

  #parse(): unknown {
    const text = this.text();
    try {
      const json: unknown = deepFreeze(JSON.parse(text));
      this.#content.parsed = { json };
      return json;
    } catch {
      // The parser's own error is dropped on purpose: its message quotes the text.
      throw this.#typeError('JSON', 'text that is not JSON', 'Call text(), or mend the secret.');
    }
  }

  #validate(schema: StandardSchemaV1, json: unknown): unknown {
    const result = schema['~standard'].validate(json);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw this.#typeError('JSON checked by a schema', 'JSON', 'The schema is asynchronous; use one that is not.');
    }
    if (result.issues === undefined) return result.value;
    // Paths only: a validator's message may quote what it found.
    const places = result.issues.map(({ path = [] }) => path.map(segmentText).join('.') || 'the whole value');
    throw this.#typeError(
      'JSON of the given schema',
      `JSON that differs at: ${places.join(', ')}`,
      'Mend one of the two.',
    );
  }

  #typeError(expected: string, actual: string, advice: string): SecretTypeError {
    return new SecretTypeError({ secretName: this.name, versionId: this.versionId, expected, actual, advice });
  }
}

/** Whether a transport or a hook handed out a `Secret`: told by its methods, for theirs may be another copy of this package. */
export function isSecret(value: unknown): value is Secret {
  if (typeof value !== 'object' || value === null) return false;
  return ['text', 'bytes', 'json', 'asStale'].every((method) => typeof Reflect.get(value, method) === 'function');
}

function segmentText(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof segment === 'object' ? segment.key : segment);
}

/** Plain objects and arrays only: what a validator made of a class is its owner's. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
