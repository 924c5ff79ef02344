/** What an error of KMS or its gateway tells of itself; neither for anybody else's page. */
export interface ErrorResponse {
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
}

/** The first that looks like a code of KMS; anything else is not repeated in a message. */
export function firstErrorCode(...candidates: readonly unknown[]): string | undefined {
  return firstOfForm(/^[A-Za-z][\w.-]{0,99}$/u, candidates);
}

/** The first that looks like a request id. */
export function firstRequestId(...candidates: readonly unknown[]): string | undefined {
  return firstOfForm(/^[\w-]{1,64}$/u, candidates);
}

function firstOfForm(form: RegExp, candidates: readonly unknown[]): string | undefined {
  return candidates.find((value): value is string => typeof value === 'string' && form.test(value));
}
