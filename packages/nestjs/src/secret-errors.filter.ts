import { Catch, Inject } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { errorAnswer, isSecretError } from '@kms-secrets/core';

/** Nest asks `instanceof`; in a second copy of core our errors are of another class, but carry the same mark. */
class OurError {
  static [Symbol.hasInstance](error: unknown): boolean {
    return isSecretError(error);
  }
}

/**
 * Answers our errors with 503, or 500 where the program is wrong, and `{ code }`: see `errorAnswer`. All others are not
 * caught.
 */
@Catch(OurError)
export class SecretErrorsFilter implements ExceptionFilter<unknown> {
  readonly #host: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const answer = errorAnswer(error);
    if (answer === undefined || host.getType() !== 'http') throw error;
    const { httpAdapter } = this.#host;
    const response: unknown = host.switchToHttp().getResponse();
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    for (const [name, value] of Object.entries(answer.headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, answer.body, answer.status);
  }
}
