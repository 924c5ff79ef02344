import { isSecretError } from '@kms-secrets/core';
import type { SecretErrorCode } from '@kms-secrets/core';
import type { ErrorRequestHandler } from 'express';

/** The secret is there, but this program cannot use it: that is for its author to mend, and no outage. */
const ourFault = new Set<SecretErrorCode>(['ERR_CONFIGURATION', 'ERR_SECRET_TYPE']);
/** What is over by itself soon, or not so at the next instance. A refusal is neither. */
const passing = new Set<SecretErrorCode>(['ERR_SECRET_UNAVAILABLE', 'ERR_DEADLINE_EXCEEDED', 'ERR_CLIENT_CLOSED']);
/** They described the answer that was being made when the error came. */
const outdated = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
  'content-disposition',
  'etag',
];

/**
 * Answers our errors with 503, or 500 where the program is wrong, and `{ code }`; passes on all others.
 *
 * Never 403 or 404, and never the message: that a secret is denied or missing is no business of the service's callers.
 */
export function secretErrors(): ErrorRequestHandler {
  // oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters
  return (error: unknown, _req, res, next) => {
    if (!isSecretError(error) || res.headersSent) return next(error);
    for (const header of outdated) res.removeHeader(header);
    if (isPassing(error)) res.set('retry-after', '1');
    res.set('cache-control', 'no-store').status(ourFault.has(error.code) ? 500 : 503);
    res.json({ code: error.code });
  };
}

/** Of several, all: else the caller would come back in vain. */
function isPassing(error: unknown): boolean {
  if (isSecretError(error, 'ERR_SECRET_SET')) return [...error.errors.values()].every(isPassing);
  return isSecretError(error) && passing.has(error.code);
}
