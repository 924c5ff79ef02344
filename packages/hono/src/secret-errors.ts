import { contentHeaders, errorResponse } from '@kms-secrets/core';
import { Hono } from 'hono';
import type { Context, ErrorHandler } from 'hono';

/**
 * For `app.onError`: responds to a `SecretError` with 503, or 500 for a mistake in the program, and `{ code }`. It does not log.
 *
 * @param others - handles every other error. Default: what Hono does without `app.onError`.
 */
export function secretErrors(others: ErrorHandler = handleAsHono): ErrorHandler {
  return (error, c) => {
    const response = errorResponse(error);
    if (response === undefined) return others(error, c);
    for (const header of contentHeaders) c.header(header, undefined);
    return c.json(response.body, response.status as 500 | 503, { ...response.headers });
  };
}

/** Hono exports its default handler only as the behaviour of an app. An error that is thrown again would be lost: a 500 without a log. */
async function handleAsHono(error: Error, c: Context): Promise<Response> {
  const app = new Hono().all('*', () => {
    throw error;
  });
  const response = await app.fetch(c.req.raw);
  return c.newResponse(response.body, response);
}
