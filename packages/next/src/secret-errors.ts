import { errorResponse } from '@kms-secrets/core';

/**
 * Wraps a route handler, because Next has no error handler for routes: responds to a `SecretError` with 503, or 500 for a mistake in
 * the program, and `{ code }`, and passes every other error on. It does not log.
 *
 *     export const GET = secretErrors(async () => Response.json(await ordersOf(await getSecret('prod/db'))));
 */
export function secretErrors<Arguments extends readonly unknown[]>(
  handler: (...args: Arguments) => Response | Promise<Response>,
): (...args: Arguments) => Promise<Response> {
  return async (...args) => {
    try {
      return await handler(...args);
    } catch (error) {
      const response = errorResponse(error);
      // Next throws, too: to make a route dynamic, or to redirect.
      if (response === undefined) throw error;
      return Response.json(response.body, response);
    }
  };
}
