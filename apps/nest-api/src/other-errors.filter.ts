import { Catch, HttpException, Inject, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

const codes = new Map([
  [400, 'ERR_BAD_REQUEST'],
  [404, 'ERR_NO_ROUTE'],
  [503, 'ERR_STOPPING'],
]);
const logger = new Logger('nest-api');

/** For example a URL that cannot be decoded. Responds with a code, without Nest's message, which quotes the request. */
@Catch()
export class OtherErrorsFilter implements ExceptionFilter<unknown> {
  readonly #host: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const code = codes.get(status) ?? 'ERR_INTERNAL';
    if (code === 'ERR_INTERNAL') logger.error(error);
    const response: unknown = host.switchToHttp().getResponse();
    this.#host.httpAdapter.reply(response, { code }, status);
  }
}
