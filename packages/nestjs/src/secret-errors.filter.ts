import { Catch, Inject } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { errorResponse, isSecretError } from '@kms-secrets/core';

/** For Nest's `instanceof`: a second copy of core has classes of its own, but marks its errors the same way. */
class AnyCopyOfSecretError {
  static [Symbol.hasInstance](error: unknown): boolean {
    return isSecretError(error);
  }
}

/**
 * Responds to a `SecretError` with 503, or 500 for a mistake in the program, and `{ code }`; see `errorResponse`. Catches no
 * other error. It does not log.
 */
@Catch(AnyCopyOfSecretError)
export class SecretErrorsFilter implements ExceptionFilter<unknown> {
  readonly #host: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = errorResponse(error);
    if (reply === undefined || host.getType() !== 'http') throw error;
    const { httpAdapter } = this.#host;
    const response: unknown = host.switchToHttp().getResponse();
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    for (const [name, value] of Object.entries(reply.headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, reply.body, reply.status);
  }
}
