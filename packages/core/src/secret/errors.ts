import type { FailureName } from './failures.ts';
import { errorName, fieldOf, isError, safeCode } from './is-error.ts';
import { moduleErrorMessage } from './module-error.ts';
import { markInstances, warnOfOtherVersion } from './package-copy.ts';

/** One failed attempt at one endpoint, or an endpoint that was skipped. */
export interface Attempt {
  /** The host of the endpoint. */
  readonly endpoint: string;
  readonly failure: FailureName;
  /** Duration in milliseconds, with the wait for the rate limiter. */
  readonly ms: number;
  readonly error: Error;
  /**
   * No request was sent: the circuit breaker is open, a Retry-After has not ended, or the request is queued for a limit of the
   * client (`limits`). `error` names that reason. `failure` is that of the last request to the endpoint, or `throttled` for the
   * queue.
   */
  readonly isSkipped?: true | undefined;
}

/** The fields that every error of this package has besides its message. */
interface SecretErrorDetails {
  readonly secretName?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** The error index (docs/errors.md): a section for each code, with its causes and what to do. Its anchors are the codes in lower case. */
const errorIndex = 'https://kms-secrets.github.io/kms-secrets/errors';

function linkTo(code: string): string {
  return `See ${errorIndex}#${code.toLowerCase()}`;
}

/** Marks the errors of this package, also those of another copy of it: Next.js loads several copies into one process. */
const brand: unique symbol = Symbol.for('@kms-secrets/core.error');

/**
 * The base class of all errors of this package.
 *
 * Test with `isSecretError` and switch on `code`: `instanceof` fails across two copies of the package.
 */
export abstract class SecretError extends Error {
  /** The `code` of the errors of a class. */
  static readonly code: string;
  /** Identifies the class of the error, such as `ERR_ACCESS_DENIED`. Stable across versions. */
  readonly code: string;
  /** Name or ARN, as it was requested. */
  readonly secretName: string | undefined;
  /** The host of the endpoint of the last attempt. */
  readonly endpoint: string | undefined;
  /** The id of the KMS request that failed, for Alibaba Cloud support. */
  readonly requestId: string | undefined;

  constructor(message: string, details: SecretErrorDetails = {}) {
    super(
      `${message}${message.includes('\n') ? '\n' : ' '}${linkTo(new.target.code)}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = new.target.code;
    // Not enumerable, so that a printed error does not show it.
    Object.defineProperty(this, brand, { value: true });
    this.secretName = details.secretName;
    this.endpoint = details.endpoint;
    this.requestId = details.requestId;
  }

  static {
    markInstances(this.prototype);
  }
}

/** One error in the configuration. */
export interface ConfigurationIssue {
  /** The option or key, such as `breaker.failures`. */
  readonly key: string;
  /**
   * Where it was set: `option`, the name of an environment variable or `file.properties:3`; for a missing setting, the places
   * that were searched.
   */
  readonly source: string;
  /** The value that was found. Left out if it could be secret. */
  readonly got?: string | undefined;
  /** The values that are valid, such as `a duration such as 15m`. */
  readonly expected: string;
  readonly example?: string | undefined;
}

/** The configuration is invalid. Lists all errors, each with its source and the expected value. */
export class ConfigurationError extends SecretError {
  override readonly name = 'ConfigurationError';
  static override readonly code = 'ERR_CONFIGURATION';
  declare readonly code: typeof ConfigurationError.code;
  readonly issues: readonly ConfigurationIssue[];

  /** `warnings` are listed too, because one may be the reason: a misspelt key is only a warning. */
  constructor(issues: readonly ConfigurationIssue[], warnings: readonly string[] = []) {
    const count = issues.length === 1 ? '1 error' : `${issues.length} errors`;
    const notes = warnings.length === 0 ? '' : `\nWarnings:\n${warnings.map((text) => `  - ${text}`).join('\n')}`;
    super(`Invalid configuration (${count}):\n${issues.map(issueText).join('\n')}${notes}`);
    this.issues = issues;
  }
}

function issueText({ key, source, got, expected, example }: ConfigurationIssue): string {
  const found = got === undefined ? '' : `, got ${got}`;
  const shown = example === undefined ? '' : `\n    example: ${example}`;
  const location = source === key ? 'environment variable' : source;
  return `  - ${key} (${location}): expected ${expected}${found}${shown}`;
}

/** The secret, or the requested version or stage of it, does not exist. Cached for `negativeTtl`. */
export class SecretNotFoundError extends SecretError {
  override readonly name = 'SecretNotFoundError';
  static override readonly code = 'ERR_SECRET_NOT_FOUND';
  declare readonly code: typeof SecretNotFoundError.code;
}

/** KMS denied access to the secret. */
export class AccessDeniedError extends SecretError {
  override readonly name = 'AccessDeniedError';
  static override readonly code = 'ERR_ACCESS_DENIED';
  declare readonly code: typeof AccessDeniedError.code;
}

/** The secret or its encryption key is disabled or scheduled for deletion. */
export class SecretDisabledError extends SecretError {
  override readonly name = 'SecretDisabledError';
  static override readonly code = 'ERR_SECRET_DISABLED';
  declare readonly code: typeof SecretDisabledError.code;
}

/** KMS rejected the request itself, for example because of an invalid parameter or an overdue bill of the account. */
export class RequestRejectedError extends SecretError {
  override readonly name = 'RequestRejectedError';
  static override readonly code = 'ERR_REQUEST_REJECTED';
  declare readonly code: typeof RequestRejectedError.code;
}

/**
 * KMS, or the issuer of temporary credentials, does not accept the identity of this client: its access key, client key, token or
 * clock. There is no cached value to serve instead. This says nothing about the secret, and a later read may succeed.
 */
export class IdentityRejectedError extends SecretError {
  override readonly name = 'IdentityRejectedError';
  static override readonly code = 'ERR_IDENTITY_REJECTED';
  declare readonly code: typeof IdentityRejectedError.code;
  /** The attempts of the fetch and the endpoints that were skipped, in order of time. */
  readonly attempts: readonly Attempt[];

  constructor(message: string, details: SecretErrorDetails & { readonly attempts: readonly Attempt[] }) {
    super(message, details);
    this.attempts = details.attempts;
  }
}

/** Every attempt failed, and no cached value may be served instead. */
export class SecretUnavailableError extends SecretError {
  override readonly name = 'SecretUnavailableError';
  static override readonly code = 'ERR_SECRET_UNAVAILABLE';
  declare readonly code: typeof SecretUnavailableError.code;
  /** The attempts of the fetch and the endpoints that were skipped, in order of time. */
  readonly attempts: readonly Attempt[];

  constructor(message: string, details: SecretErrorDetails & { readonly attempts: readonly Attempt[] }) {
    super(message, details);
    this.attempts = details.attempts;
  }
}

/** The deadline of the read, or the timeout of `ready()`, passed before KMS responded. */
export class DeadlineExceededError extends SecretError {
  override readonly name = 'DeadlineExceededError';
  static override readonly code = 'ERR_DEADLINE_EXCEEDED';
  declare readonly code: typeof DeadlineExceededError.code;
  /** The attempts that failed until then and the endpoints that were skipped, in order of time. */
  readonly attempts: readonly Attempt[];

  constructor(message: string, details: SecretErrorDetails & { readonly attempts: readonly Attempt[] }) {
    super(message, details);
    this.attempts = details.attempts;
  }
}

/** The secret is not of the type that was requested, for example binary instead of text. */
export class SecretTypeError extends SecretError {
  override readonly name = 'SecretTypeError';
  static override readonly code = 'ERR_SECRET_TYPE';
  declare readonly code: typeof SecretTypeError.code;
  /** The type that was requested, such as `text`. */
  readonly expected: string;
  /** The type of the secret, such as `binary`. */
  readonly actual: string;

  constructor(details: {
    readonly secretName: string;
    readonly versionId: string;
    readonly expected: string;
    readonly actual: string;
    readonly advice: string;
  }) {
    const { secretName, versionId, expected, actual, advice } = details;
    super(`Secret "${secretName}" (version ${versionId}) was read as ${expected}, but it is ${actual}. ${advice}`, {
      secretName,
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** Several secrets were read together and at least one of them failed. */
export class SecretSetError extends SecretError {
  override readonly name = 'SecretSetError';
  static override readonly code = 'ERR_SECRET_SET';
  declare readonly code: typeof SecretSetError.code;
  /** The errors by secret name; by key if `getMany` was called with an object. */
  readonly errors: ReadonlyMap<string, AnySecretError>;

  /** `total` is the number of secrets, failed or not. */
  constructor(total: number, verb: 'read' | 'preloaded', errors: ReadonlyMap<string, AnySecretError>) {
    const reasons = [...errors].map(([name, error]) => `  - ${name}: ${safeMessage(error)}`);
    const secrets = total === 1 ? '1 secret' : `${total} secrets`;
    super(`${errors.size} of ${secrets} could not be ${verb}:\n${reasons.join('\n')}`, {
      cause: errors.values().next().value,
    });
    this.errors = errors;
  }
}

interface StoreErrorDetails extends SecretErrorDetails {
  readonly part?: string | undefined;
}

/**
 * A store operation failed, which the `store` event reports and no read throws; or a store cannot work with its configuration, which
 * `ready()` and `preload()` throw.
 */
export class StoreError extends SecretError {
  override readonly name = 'StoreError';
  static override readonly code = 'ERR_STORE';
  declare readonly code: typeof StoreError.code;
  /** The part of the storage that is unavailable while the rest works, such as a node of a cluster. `undefined`: all of it. */
  readonly part: string | undefined;

  constructor(message: string, { part, ...details }: StoreErrorDetails = {}) {
    super(message, details);
    this.part = part;
  }
}

/** The client is closed. Reads in flight reject with it too. */
export class ClientClosedError extends SecretError {
  override readonly name = 'ClientClosedError';
  static override readonly code = 'ERR_CLIENT_CLOSED';
  declare readonly code: typeof ClientClosedError.code;

  constructor(secretName?: string) {
    super('The secret client is closed. Create a new one to read secrets.', { secretName });
  }
}

/** All errors of this package. `switch (error.code)` narrows the type. */
export type AnySecretError =
  | ConfigurationError
  | SecretNotFoundError
  | AccessDeniedError
  | SecretDisabledError
  | RequestRejectedError
  | IdentityRejectedError
  | SecretUnavailableError
  | DeadlineExceededError
  | SecretTypeError
  | SecretSetError
  | StoreError
  | ClientClosedError;

/** The codes of all errors of this package. */
export type SecretErrorCode = AnySecretError['code'];

/**
 * Whether `error` is an error of this package; with `code`, whether it has that code or one of those codes. Also recognises the
 * errors of another copy of this package.
 */
export function isSecretError<Code extends SecretErrorCode = SecretErrorCode>(
  error: unknown,
  code?: Code | readonly Code[],
): error is Extract<AnySecretError, { readonly code: Code }> {
  if (!isError(error) || fieldOf(error, brand) === undefined) return false;
  warnOfOtherVersion(error);
  if (code === undefined) return true;
  const codes: readonly unknown[] = typeof code === 'string' ? [code] : code;
  return codes.includes(fieldOf(error, 'code'));
}

/**
 * Whether a read failed although KMS did not refuse the secret, and may succeed later: KMS was unavailable, or does not accept the
 * identity of this client. True for a `SecretSetError` if it is true for each of its errors.
 */
export function isOutage(
  error: unknown,
): error is SecretUnavailableError | DeadlineExceededError | IdentityRejectedError | SecretSetError {
  if (isSecretError(error, 'ERR_SECRET_SET')) return [...error.errors.values()].every(isOutage);
  return isSecretError(error, ['ERR_SECRET_UNAVAILABLE', 'ERR_DEADLINE_EXCEEDED', 'ERR_IDENTITY_REJECTED']);
}

/**
 * A description of a thrown value that is safe to log: the message of an error of this package, without its link, so that it can be
 * a part of another message; of any other error only its name and code. Foreign messages may quote the secret: those of `JSON.parse` do, those of module loaders do not.
 */
export function safeMessage(error: unknown): string {
  if (isSecretError(error)) return error.message.replace(linkTo(error.code), '').trimEnd();
  if (!isError(error)) return 'a value that is not an Error was thrown';
  const words = [errorName(error), safeCode(error)].filter((word) => word !== undefined);
  const thrown = words.length === 0 ? 'an error was thrown' : `${words.join(', ')} was thrown`;
  const message = moduleErrorMessage(error);
  return message === undefined ? thrown : `${thrown}: ${message}`;
}
