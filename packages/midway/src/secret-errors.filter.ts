import { errorResponse, isSecretError } from '@kms-secrets/core';
import { Catch } from '@midwayjs/core';

/** For Midway's `instanceof`: a second copy of core has classes of its own, but marks its errors the same way. */
class AnyCopyOfSecretError {
  static [Symbol.hasInstance](error: unknown): boolean {
    return isSecretError(error);
  }
}

/** The context of Koa and Egg, or the response of Express. */
interface HttpTarget {
  status: number | ((status: number) => unknown);
  readonly set: (headers: Readonly<Record<string, string>>) => unknown;
}

const isHttpTarget = (value: object | undefined): value is HttpTarget =>
  value !== undefined && 'status' in value && typeof Reflect.get(value, 'set') === 'function';

/**
 * Responds to a `SecretError` with 503, or 500 for a mistake in the program, and `{ code }`; see `errorResponse`. Catches no
 * other error, and does not log. Outside of HTTP it rethrows the error. For `app.useFilter(SecretErrorsFilter)`.
 */
@Catch(AnyCopyOfSecretError, { matchPrototype: true })
export class SecretErrorsFilter {
  catch(error: unknown, context: object, response?: object): object {
    const reply = errorResponse(error);
    const target = [response, context].find(isHttpTarget);
    if (reply === undefined || target === undefined) throw error;
    target.set(reply.headers);
    if (typeof target.status === 'function') target.status(reply.status);
    else target.status = reply.status;
    return reply.body;
  }
}
