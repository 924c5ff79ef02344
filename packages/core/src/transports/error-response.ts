/** The code and request id of a KMS or gateway error; empty if the body is not one. */
export interface ErrorResponse {
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Returns the first candidate with the form of a KMS error code. Messages must not quote anything else of a response. */
export function firstErrorCode(...candidates: readonly unknown[]): string | undefined {
  return firstMatch(/^[A-Za-z][\w.-]{0,99}$/u, candidates);
}

/** Returns the first candidate with the form of a request id. */
export function firstRequestId(...candidates: readonly unknown[]): string | undefined {
  return firstMatch(/^[\w-]{1,64}$/u, candidates);
}

function firstMatch(pattern: RegExp, candidates: readonly unknown[]): string | undefined {
  return candidates.find((value): value is string => typeof value === 'string' && pattern.test(value));
}
