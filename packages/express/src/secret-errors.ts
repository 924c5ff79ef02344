import { errorAnswer } from '@kms-secrets/core';
import type { ErrorRequestHandler } from 'express';

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
 * Answers our errors with 503, or 500 where the program is wrong, and `{ code }`; passes on all others. Mount it behind the
 * routes.
 */
export function secretErrors(): ErrorRequestHandler {
  // oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters
  return (error: unknown, _req, res, next) => {
    const answer = errorAnswer(error);
    if (answer === undefined || res.headersSent) return next(error);
    for (const header of outdated) res.removeHeader(header);
    res.status(answer.status).set(answer.headers).json(answer.body);
  };
}
