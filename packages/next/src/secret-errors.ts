import { errorAnswer } from '@kms-secrets/core';

/**
 * Answers our errors in a route handler with 503, or 500 where the program is wrong, and `{ code }`; all others are Next's.
 *
 *     export const GET = secretErrors(async () => Response.json(await ordersOf(await getSecret('prod/db'))));
 *
 * Never 403 or 404, and never the message: that a secret is denied or missing is no business of the service's callers.
 */
export function secretErrors<Arguments extends readonly unknown[]>(
  handler: (...asked: Arguments) => Response | Promise<Response>,
): (...asked: Arguments) => Promise<Response> {
  return async (...asked) => {
    try {
      return await handler(...asked);
    } catch (error) {
      const answer = errorAnswer(error);
      // Also what Next itself throws to tell that a route is dynamic, or a redirect.
      if (answer === undefined) throw error;
      return Response.json(answer.body, answer);
    }
  };
}
