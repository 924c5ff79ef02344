import { contentHeaders, errorResponse } from '@kms-secrets/core';
import type { ErrorRequestHandler } from 'express';

/**
 * An error handler: responds to a `SecretError` with 503, or 500 for a mistake in the program, and `{ code }`, and passes every
 * other error on. Mount it behind the routes. It does not log.
 */
export function secretErrors(): ErrorRequestHandler {
  // oxlint-disable-next-line max-params -- Express recognises an error handler by its four parameters
  return (error: unknown, _req, res, next) => {
    const response = errorResponse(error);
    if (response === undefined || res.headersSent) return next(error);
    for (const header of contentHeaders) res.removeHeader(header);
    res.status(response.status).set(response.headers).json(response.body);
  };
}
