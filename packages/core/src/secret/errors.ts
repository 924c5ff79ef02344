import type { FailureName } from './failures.ts';

/** One try at one endpoint, as an error tells it. */
export interface Attempt {
  readonly endpoint: string;
  readonly failure: FailureName;
  /** Milliseconds it took. */
  readonly ms: number;
  readonly error: Error;
  /** It was not asked: its circuit breaker was open, or it had asked to be spared. `error` tells what it said before. */
  readonly isSkipped?: true | undefined;
}

/** What every error of this package carries besides its message. */
interface SecretErrorDetails {
  readonly secretName?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** Marks our errors across several copies of this package in one process (Next builds more than one bundle). */
const brand: unique symbol = Symbol.for('@kms-secrets/core.error');

/**
 * What all errors of this package have in common; never thrown itself.
 *
 * Switch on `code`, and recognise them with `isSecretError`: `instanceof` does not work across two copies of the package.
 */
export abstract class SecretError extends Error {
  abstract readonly code: string;
  readonly secretName: string | undefined;
  readonly endpoint: string | undefined;
  /** The id of the KMS request that failed: what Alibaba Cloud's support asks for. */
  readonly requestId: string | undefined;

  constructor(message: string, details: SecretErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    // Not enumerable: a printed error shows what happened, not our plumbing.
    Object.defineProperty(this, brand, { value: true });
    this.secretName = details.secretName;
    this.endpoint = details.endpoint;
    this.requestId = details.requestId;
  }
}

/** One mistake in the configuration. */
export interface ConfigurationIssue {
  /** The option or key that is wrong. */
  readonly key: string;
  /** Where it was set: `option`, `variable X`, `file.properties:3`, or what was looked through in vain. */
  readonly source: string;
  /** What stands there; left out where it could be secret. */
  readonly got?: string | undefined;
  readonly expected: string;
  readonly example?: string | undefined;
}

/** The configuration cannot be used. Lists every mistake at once, each with where it stands and what is right. */
export class ConfigurationError extends SecretError {
  override readonly name = 'ConfigurationError';
  readonly code = 'ERR_CONFIGURATION';
  readonly issues: readonly ConfigurationIssue[];

  constructor(issues: readonly ConfigurationIssue[]) {
    const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`;
    super(`The configuration of the secret client has ${count}:\n${issues.map(issueText).join('\n')}`);
    this.issues = issues;
  }
}

function issueText({ key, source, got, expected, example }: ConfigurationIssue): string {
  const found = got === undefined ? '' : `, got ${got}`;
  const shown = example === undefined ? '' : `\n      for example: ${example}`;
  return `  - ${key} (${source}): expected ${expected}${found}${shown}`;
}

/** KMS knows no such secret, or no such version or stage of it. Remembered for `negativeTtl`. */
export class SecretNotFoundError extends SecretError {
  override readonly name = 'SecretNotFoundError';
  readonly code = 'ERR_SECRET_NOT_FOUND';
}

/** KMS refuses us this secret: by policy, for an unpaid bill, or because it does not accept our credentials. */
export class AccessDeniedError extends SecretError {
  override readonly name = 'AccessDeniedError';
  readonly code = 'ERR_ACCESS_DENIED';
}

/** The secret is there, but KMS gives it to nobody: it or its key is disabled or about to be deleted. */
export class SecretDisabledError extends SecretError {
  override readonly name = 'SecretDisabledError';
  readonly code = 'ERR_SECRET_DISABLED';
}

/** The request itself was refused: our clock is wrong, or a parameter is. Says nothing about the secret. */
export class RequestRejectedError extends SecretError {
  override readonly name = 'RequestRejectedError';
  readonly code = 'ERR_REQUEST_REJECTED';
}

/** Every attempt failed, and no value in memory is young enough to serve instead. */
export class SecretUnavailableError extends SecretError {
  override readonly name = 'SecretUnavailableError';
  readonly code = 'ERR_SECRET_UNAVAILABLE';
  readonly attempts: readonly Attempt[];

  constructor(message: string, details: SecretErrorDetails & { readonly attempts: readonly Attempt[] }) {
    super(message, details);
    this.attempts = details.attempts;
  }
}

/** The read's budget ran out before KMS answered. `attempts` lists what had failed by then. */
export class DeadlineExceededError extends SecretError {
  override readonly name = 'DeadlineExceededError';
  readonly code = 'ERR_DEADLINE_EXCEEDED';
  readonly attempts: readonly Attempt[];

  constructor(message: string, details: SecretErrorDetails & { readonly attempts: readonly Attempt[] }) {
    super(message, details);
    this.attempts = details.attempts;
  }
}

/** The secret is not of the kind it was read as. */
export class SecretTypeError extends SecretError {
  override readonly name = 'SecretTypeError';
  readonly code = 'ERR_SECRET_TYPE';
  /** The kind it was read as, and the kind it is. */
  readonly expected: string;
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

/** Several secrets were asked for together, and at least one cannot be had: none is handed out. */
export class SecretSetError extends SecretError {
  override readonly name = 'SecretSetError';
  readonly code = 'ERR_SECRET_SET';
  /** Name by name, why it cannot be had. */
  readonly errors: ReadonlyMap<string, unknown>;

  /** `asked` is how many were asked for, and `purpose` what for. */
  constructor(asked: number, purpose: string, errors: ReadonlyMap<string, unknown>) {
    const reasons = [...errors].map(([name, error]) => `  - ${name}: ${messageOf(error)}`);
    const secrets = asked === 1 ? '1 secret' : `${asked} secrets`;
    super(`Of ${secrets} ${purpose}, ${errors.size} could not be had:\n${reasons.join('\n')}`, {
      cause: errors.values().next().value,
    });
    this.errors = errors;
  }
}

/** A store could not read or write. Reported as an event; thrown only by `ready()`. */
export class StoreError extends SecretError {
  override readonly name = 'StoreError';
  readonly code = 'ERR_STORE';
}

/** The client was closed. Reads in flight end with it too. */
export class ClientClosedError extends SecretError {
  override readonly name = 'ClientClosedError';
  readonly code = 'ERR_CLIENT_CLOSED';

  constructor(secretName?: string) {
    super('The secret client is closed: no secret can be read from it any more. Create a new one.', { secretName });
  }
}

/** Every error of this package; `switch (error.code)` narrows it. */
export type AnySecretError =
  | ConfigurationError
  | SecretNotFoundError
  | AccessDeniedError
  | SecretDisabledError
  | RequestRejectedError
  | SecretUnavailableError
  | DeadlineExceededError
  | SecretTypeError
  | SecretSetError
  | StoreError
  | ClientClosedError;

export type SecretErrorCode = AnySecretError['code'];

/** Whether `error` is one of ours, and, if `code` is given, that one. Works across copies of this package. */
export function isSecretError<Code extends SecretErrorCode = SecretErrorCode>(
  error: unknown,
  code?: Code,
): error is Extract<AnySecretError, { readonly code: Code }> {
  if (!(error instanceof Error) || !(brand in error)) return false;
  return code === undefined || ('code' in error && error.code === code);
}

/** Whether a read failed because KMS could not be reached in time: it may go well the next time. */
export function isOutage(error: unknown): error is SecretUnavailableError | DeadlineExceededError {
  return isSecretError(error, 'ERR_SECRET_UNAVAILABLE') || isSecretError(error, 'ERR_DEADLINE_EXCEEDED');
}

/**
 * What may be told of something that was thrown: the message of one of our own errors, and of any other its kind alone.
 * Code that works on a secret throws errors that quote it: `JSON.parse` does.
 */
export function messageOf(error: unknown): string {
  if (isSecretError(error)) return error.message;
  if (!(error instanceof Error)) return 'something that is not an error was thrown';
  const words = [error.name, 'code' in error ? error.code : undefined].filter(
    (word): word is string => typeof word === 'string' && /^\w{1,60}$/u.test(word),
  );
  return words.length === 0 ? 'an error was thrown' : `${words.join(', ')} was thrown`;
}
