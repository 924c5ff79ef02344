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

/** A value that was parsed; the fresh and the stale handle of one version share it, so that this is done once. */
class Parsed {
  readonly value: string;
  readonly json: unknown;
  validated: WeakMap<StandardSchemaV1, unknown> | undefined;

  constructor(value: string, json: unknown) {
    this.value = value;
    this.json = json;
    this.validated = undefined;
  }
}

/** What most secrets of a process have in common, and therefore hold together; and what few have at all. */
type Kind = Omit<SecretFields, 'name' | 'versionId' | 'value' | 'createdAt'>;

const currentOnly: readonly string[] = Object.freeze(['ACSCurrent']);

const kinds = new Map<string, Kind>();

/** Stages and types are the user's own words, so they are bounded: what is over that has a kind to itself. */
const mostKinds = 256;

/**
 * One version of a secret, as it was when it was fetched; never changes.
 *
 * The value sits in a `#private` field, which `console.log`, `util.inspect`, `JSON.stringify`, object spread and
 * `structuredClone` cannot see: it is hidden by construction, not by overriding each of them. Only `text()`, `bytes()`
 * and `json()` give it out.
 *
 * There may be a hundred thousand of them, and every field of each costs memory: hence one object, no private methods
 * (an instance carries a mark for those), and whatever can be shared in `Kind`.
 */
export class Secret {
  readonly name: string;
  readonly versionId: string;
  #value: string | Parsed;
  readonly #kind: Kind;
  /** Seconds: KMS tells whole ones, and a small integer needs no box. */
  readonly #createdAt: number | undefined;

  constructor(fields: SecretFields) {
    this.name = fields.name;
    this.versionId = fields.versionId;
    this.#value = fields.value;
    this.#kind = sharedKind(fields);
    this.#createdAt = fields.createdAt === undefined ? undefined : fields.createdAt / 1_000;
    // All readers hold the same one: none may change it for another.
    Object.freeze(this);
  }

  /** True if it is served past its TTL because KMS could not be reached. */
  get stale(): boolean {
    return this.#kind.stale ?? false;
  }

  /** The stages that sat on this version, such as `ACSCurrent`. */
  get stages(): readonly string[] {
    return this.#kind.stages ?? currentOnly;
  }

  /** `Generic`, `Rds`, `Redis`, `PolarDB`, `RAMCredentials`, `ECS`, or what KMS may add. */
  get type(): string {
    return this.#kind.type ?? 'Generic';
  }

  /** Which of `text()` and `bytes()` has the value. */
  get dataType(): 'text' | 'binary' {
    return this.#kind.dataType;
  }

  get createdAt(): Date | undefined {
    return this.#createdAt === undefined ? undefined : new Date(Math.round(this.#createdAt * 1_000));
  }

  /** Only of managed secrets. */
  get rotation(): SecretRotation | undefined {
    return this.#kind.rotation;
  }

  /** Only of managed secrets: the account, the instance and what else KMS keeps beside the value. */
  get extendedConfig(): Readonly<Record<string, unknown>> | undefined {
    return this.#kind.extendedConfig;
  }

  /**
   * The id of the KMS request that brought it: what Alibaba Cloud's support asks for. A transport tells it, and a hook may
   * note it; a secret in memory has none, because 100,000 of them would cost as much as all else about them.
   */
  get requestId(): string | undefined {
    return this.#kind.requestId;
  }

  /**
   * The value of a text secret.
   *
   * Throws `SecretTypeError` if the secret is binary.
   */
  text(): string {
    if (this.#kind.dataType !== 'text') throw typeError(this, 'text', 'binary', 'Call bytes().');
    return textOf(this.#value);
  }

  /**
   * The value of a binary secret: the UTF-8 bytes of what KMS holds, or what those stand for in base64. A new copy each time.
   *
   * Throws `SecretTypeError` if the secret is text, or not base64 where that was asked for.
   */
  bytes(options?: { readonly encoding?: 'utf8' | 'base64' | undefined }): Uint8Array {
    if (this.#kind.dataType !== 'binary') throw typeError(this, 'binary', 'text', 'Call text().');
    const value = textOf(this.#value);
    if (options?.encoding !== 'base64') return new TextEncoder().encode(value);
    try {
      return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    } catch {
      throw typeError(this, 'base64', 'binary that is not base64', 'Call bytes() without an encoding.');
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
    if (typeof this.#value === 'string') this.#value = new Parsed(this.#value, parse(this));
    const parsed = this.#value;
    if (schema === undefined) return parsed.json;
    const known = (parsed.validated ??= new WeakMap());
    if (!known.has(schema)) known.set(schema, deepFreeze(validate(this, schema, parsed.json)));
    return known.get(schema);
  }

  /** The same version with another text as its value: what a hook returns that unwraps or decrypts. */
  withText(text: string): Secret {
    return new Secret({ ...Secret.#fieldsOf(this), value: text, dataType: 'text' });
  }

  /** This version as it is handed out while it cannot be refreshed. */
  asStale(): Secret {
    if (this.stale) return this;
    const handle = new Secret({ ...Secret.#fieldsOf(this), stale: true });
    handle.#value = this.#value;
    return handle;
  }

  toString(): string {
    return `Secret(${this.name})`;
  }

  static #fieldsOf(secret: Secret): SecretFields {
    // One by one: spreading them takes as long as signing a request.
    const { dataType, stages, type, rotation, extendedConfig, requestId, stale } = secret.#kind;
    const { name, versionId } = secret;
    const value = textOf(secret.#value);
    const createdAt = secret.#createdAt === undefined ? undefined : Math.round(secret.#createdAt * 1_000);
    return { name, versionId, value, createdAt, dataType, stages, type, rotation, extendedConfig, requestId, stale };
  }

  /**
   * `secret` as memory keeps it: with the very text of the name that it was asked for by, where that is its name, and
   * without the id of the request. Any other class than this one is its owner's, and left as it is.
   */
  static kept(secret: Secret, name: string): Secret {
    if (Object.getPrototypeOf(secret) !== Secret.prototype) return secret;
    const fields = Secret.#fieldsOf(secret);
    return new Secret({ ...fields, name: secret.name === name ? name : secret.name, requestId: undefined });
  }
}

/** The kind of a secret: one for all that are alike, where a date or a configuration of its own does not set it apart. */
function sharedKind(fields: SecretFields): Kind {
  const { dataType, type, rotation, extendedConfig, requestId, stale } = fields;
  const stages = fields.stages && frozenCopy(fields.stages);
  const kind: Kind = { dataType, stages, type, rotation, extendedConfig, requestId, stale };
  if (extendedConfig !== undefined || requestId !== undefined) return kind;
  if (rotation !== undefined && isOfItsOwn(rotation)) return kind;
  const key = JSON.stringify([dataType, stages, type, rotation?.state, stale]);
  const shared = kinds.get(key);
  if (shared !== undefined) return shared;
  if (kinds.size < mostKinds) kinds.set(key, kind);
  return kind;
}

function isOfItsOwn({ interval, lastAt, nextAt }: SecretRotation): boolean {
  return interval !== undefined || lastAt !== undefined || nextAt !== undefined;
}

/** Itself, if nobody can change it any more. */
function frozenCopy(stages: readonly string[]): readonly string[] {
  return Object.isFrozen(stages) ? stages : Object.freeze([...stages]);
}

function textOf(value: string | Parsed): string {
  return typeof value === 'string' ? value : value.value;
}

function parse(secret: Secret): unknown {
  const text = secret.text();
  try {
    return deepFreeze(JSON.parse(text));
  } catch {
    // The parser's own error is dropped on purpose: its message quotes the text.
    throw typeError(secret, 'JSON', 'text that is not JSON', 'Call text(), or mend the secret.');
  }
}

function validate(secret: Secret, schema: StandardSchemaV1, json: unknown): unknown {
  const result = schema['~standard'].validate(json);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw typeError(secret, 'JSON checked by a schema', 'JSON', 'The schema is asynchronous; use one that is not.');
  }
  if (result.issues === undefined) return result.value;
  // Paths only: a validator's message may quote what it found.
  const places = result.issues.map(({ path = [] }) => path.map(segmentText).join('.') || 'the whole value');
  const actual = `JSON that differs at: ${places.join(', ')}`;
  throw typeError(secret, 'JSON of the given schema', actual, 'Mend one of the two.');
}

function typeError(
  { name, versionId }: Secret,
  ...[expected, actual, advice]: readonly [expected: string, actual: string, advice: string]
): SecretTypeError {
  return new SecretTypeError({ secretName: name, versionId, expected, actual, advice });
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
