import type { StandardSchemaV1 } from '@standard-schema/spec';
import { SecretTypeError } from './errors.ts';
import { isThenable } from './is-thenable.ts';
import { markInstances, warnOfOtherVersion } from './package-copy.ts';
import { describeIssues } from './schema-issues.ts';
import type { SecretFields, SecretRotation } from './secret-fields.ts';
import { shareFields } from './shared-fields.ts';
import type { SharedFields } from './shared-fields.ts';
import { describeThrown } from './thrown-error.ts';

/** A value that was parsed. The fresh and the stale copy of a version share it, so that it is parsed once. */
class ParsedJson {
  readonly value: string;
  readonly json: unknown;
  /** The results by schema. */
  validated: WeakMap<StandardSchemaV1, unknown> | undefined;

  constructor(value: string, json: unknown) {
    this.value = value;
    this.json = json;
    this.validated = undefined;
  }
}

/** The stages of a secret without `stages`. */
const currentOnly: readonly string[] = Object.freeze(['ACSCurrent']);

/** Reads the private fields of a `Secret`. Assigned in its static block. */
let privateFieldsOf: (secret: Secret) => SecretFields;

/**
 * One version of a secret. Immutable.
 *
 * The value is in a `#private` field, which `console.log`, `util.inspect`, `JSON.stringify`, object spread and
 * `structuredClone` cannot see. Only `text()`, `bytes()` and `json()` return it.
 *
 * A process may cache 100,000 secrets, so each is one small object: it has no private methods, which cost a slot per instance,
 * and `SharedFields` has what many secrets have in common.
 */
export class Secret {
  readonly name: string;
  readonly versionId: string;
  #value: string | ParsedJson;
  readonly #shared: SharedFields;
  /** In seconds: KMS returns whole seconds, and a small integer needs no allocation. */
  readonly #createdAt: number | undefined;

  constructor(fields: SecretFields) {
    this.name = fields.name;
    this.versionId = fields.versionId;
    this.#value = fields.value;
    this.#shared = shareFields(fields);
    this.#createdAt = fields.createdAt === undefined ? undefined : fields.createdAt / 1_000;
    // All readers share this object.
    Object.freeze(this);
  }

  /** Whether the value is past its TTL and served because KMS is unavailable. */
  get stale(): boolean {
    return this.#shared.stale ?? false;
  }

  /** The stages of this version when it was fetched, such as `ACSCurrent`. */
  get stages(): readonly string[] {
    return this.#shared.stages ?? currentOnly;
  }

  /** `Generic`, `Rds`, `Redis`, `PolarDB`, `RAMCredentials`, `ECS`, or a type that KMS adds later. */
  get type(): string {
    return this.#shared.type ?? 'Generic';
  }

  /** Whether `text()` or `bytes()` returns the value. */
  get dataType(): 'text' | 'binary' {
    return this.#shared.dataType;
  }

  /** The creation time that KMS reports (`CreateTime`). A new `Date` each time. */
  get createdAt(): Date | undefined {
    return this.#createdAt === undefined ? undefined : new Date(Math.round(this.#createdAt * 1_000));
  }

  /** Only for managed secrets. */
  get rotation(): SecretRotation | undefined {
    return this.#shared.rotation;
  }

  /** Only for managed secrets: the account, the instance and other properties that KMS stores with the value. */
  get extendedConfig(): Readonly<Record<string, unknown>> | undefined {
    return this.#shared.extendedConfig;
  }

  /**
   * The id of the KMS request that fetched it, for Alibaba Cloud support. Only a hook sees it: a cached secret does not have
   * one, because the ids of 100,000 secrets cost as much memory as the rest of them.
   */
  get requestId(): string | undefined {
    return this.#shared.requestId;
  }

  /**
   * The value of a text secret.
   *
   * Throws `SecretTypeError` if the secret is binary.
   */
  text(): string {
    if (this.#shared.dataType !== 'text') {
      throw typeError(this, { expected: 'text', actual: 'binary', advice: 'Call bytes().' });
    }
    return rawText(this.#value);
  }

  /**
   * The value of a binary secret. KMS stores it as text: `bytes()` returns the UTF-8 bytes of that text, and with
   * `encoding: 'base64'` the bytes that the text encodes. A new array each time.
   *
   * Throws `SecretTypeError` if the secret is a text secret, or if the text is not base64.
   */
  bytes(options?: { readonly encoding?: 'utf8' | 'base64' | undefined }): Uint8Array {
    if (this.#shared.dataType !== 'binary') {
      throw typeError(this, { expected: 'binary', actual: 'text', advice: 'Call text().' });
    }
    const value = rawText(this.#value);
    if (options?.encoding !== 'base64') return new TextEncoder().encode(value);
    try {
      return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    } catch {
      const actual = 'binary that is not base64';
      throw typeError(this, { expected: 'base64', actual, advice: 'Call bytes() without an encoding.' });
    }
  }

  /**
   * The value of a text secret, parsed as JSON. `schema`, any synchronous Standard Schema validator, checks it and gives it its
   * type. The value is parsed once, and validated once per schema; all readers get the same frozen object.
   *
   * Throws `SecretTypeError` if the secret is not JSON or does not match the schema, or if the schema throws. The error shows
   * where, in property names that the schema declares, but no key and no value of the secret.
   */
  json(): unknown;
  json<Schema extends StandardSchemaV1>(schema: Schema): StandardSchemaV1.InferOutput<Schema>;
  json(schema?: StandardSchemaV1): unknown {
    if (typeof this.#value === 'string') this.#value = new ParsedJson(this.#value, parseJson(this));
    const parsed = this.#value;
    if (schema === undefined) return parsed.json;
    parsed.validated ??= new WeakMap();
    if (!parsed.validated.has(schema)) parsed.validated.set(schema, validate(this, schema, parsed.json));
    return parsed.validated.get(schema);
  }

  /** A copy of this version with another text, for a hook that unwraps or decrypts the value. */
  withText(text: string): Secret {
    return new Secret({ ...Secret.#fieldsOf(this), value: text, dataType: 'text' });
  }

  /** A copy of this version with `stale` set. */
  asStale(): Secret {
    if (this.stale) return this;
    const copy = new Secret({ ...Secret.#fieldsOf(this), stale: true });
    copy.#value = this.#value;
    return copy;
  }

  toString(): string {
    return `Secret(${this.name})`;
  }

  static #fieldsOf(secret: Secret): SecretFields {
    // Listed one by one: a spread takes as long as signing a request.
    const { dataType, stages, type, rotation, extendedConfig, requestId, stale } = secret.#shared;
    const { name, versionId } = secret;
    const value = rawText(secret.#value);
    const createdAt = secret.#createdAt === undefined ? undefined : Math.round(secret.#createdAt * 1_000);
    return { name, versionId, value, createdAt, dataType, stages, type, rotation, extendedConfig, requestId, stale };
  }

  static {
    privateFieldsOf = (secret) => Secret.#fieldsOf(secret);
    markInstances(this.prototype);
  }
}

/**
 * Returns the copy of `secret` that is cached: without the request id, and with the caller's `name` string if it is equal, so
 * that the two share one string. A secret without a request id, an instance of a subclass, or one of another copy of this package
 * is returned unchanged.
 */
export function cachedCopy(secret: Secret, name: string): Secret {
  if (Object.getPrototypeOf(secret) !== Secret.prototype || secret.requestId === undefined) return secret;
  return new Secret({
    ...privateFieldsOf(secret),
    name: secret.name === name ? name : secret.name,
    requestId: undefined,
  });
}

function rawText(value: string | ParsedJson): string {
  return typeof value === 'string' ? value : value.value;
}

function parseJson(secret: Secret): unknown {
  const text = secret.text();
  try {
    return deepFreeze(JSON.parse(text));
  } catch {
    // Without the parser's error as the cause: its message quotes the text.
    const actual = 'text that is not JSON';
    throw typeError(secret, { expected: 'JSON', actual, advice: 'Call text(), or fix the secret.' });
  }
}

function validate(secret: Secret, schema: StandardSchemaV1, json: unknown): unknown {
  const result = runSchema(schema, json);
  if ('value' in result) return result.value;
  throw typeError(secret, { expected: 'JSON of the given schema', ...result.mismatch });
}

type Validation = { readonly value: unknown } | { readonly mismatch: Pick<TypeMismatch, 'actual' | 'advice'> };

/** Zod returns a promise too if a synchronous function in the schema throws. */
const asyncAdvice =
  'The schema returned a promise: it is asynchronous, or a function in it failed. Use synchronous functions that report issues instead of throwing.';

/** A schema is code of the caller. Whatever it throws, such as `new URL(text)` in a transformation, may quote the value. */
function runSchema(schema: StandardSchemaV1, json: unknown): Validation {
  try {
    const result = schema['~standard'].validate(json);
    if (isThenable(result)) {
      result.then(undefined, () => {});
      return { mismatch: { actual: 'JSON', advice: asyncAdvice } };
    }
    if (result.issues === undefined) return { value: deepFreeze(result.value) };
    const actual = `JSON that differs at: ${describeIssues(schema, json, result.issues)}`;
    return { mismatch: { actual, advice: 'Fix the secret or the schema.' } };
  } catch (error) {
    const actual = `JSON for which the schema failed: ${describeThrown(error)}`;
    return { mismatch: { actual, advice: 'Fix the secret or the schema, which must be synchronous.' } };
  }
}

interface TypeMismatch {
  readonly expected: string;
  readonly actual: string;
  readonly advice: string;
}

function typeError({ name, versionId }: Secret, mismatch: TypeMismatch): SecretTypeError {
  return new SecretTypeError({ secretName: name, versionId, ...mismatch });
}

/** Whether `value` is a `Secret` of this or of another copy of this package. */
export function isSecret(value: unknown): value is Secret {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.getPrototypeOf(value) === Secret.prototype) return true;
  if (!['text', 'bytes', 'json', 'asStale'].every((method) => typeof Reflect.get(value, method) === 'function'))
    return false;
  warnOfOtherVersion(value);
  return true;
}

/** Freezes plain objects and arrays. Instances of classes belong to the validator that created them. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
