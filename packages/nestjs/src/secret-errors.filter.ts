import { Catch, Inject, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { errorResponse, isSecretError } from '@kms-secrets/core';
import type { HttpResponse } from '@kms-secrets/core';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';

/** For Nest's `instanceof`: a second copy of core has classes of its own, but marks its errors the same way. */
class AnyCopyOfSecretError {
  static [Symbol.hasInstance](error: unknown): boolean {
    return isSecretError(error);
  }
}

/** What Nest sends to the caller of a message whose handler throws an unknown error. */
const unknownError = { status: 'error', message: 'Internal server error' } as const;
/** The names under which Nest logs these errors. */
const rpcLogger = new Logger('RpcExceptionsHandler');
const wsLogger = new Logger('WsExceptionsHandler');

/**
 * Responds to a `SecretError` with 503, or 500 for a mistake in the program, and `{ code }`; see `errorResponse`. Catches no
 * other error, and does not log.
 *
 * Outside of HTTP it does what Nest does without it: the caller of a message gets "Internal server error", and Nest's logger the
 * error. A GraphQL resolver rejects with the error.
 */
@Catch(AnyCopyOfSecretError)
export class SecretErrorsFilter implements ExceptionFilter<unknown> {
  readonly #host: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#host = host;
  }

  /** Returns an observable for a message of a microservice, where Nest would lose a thrown error. */
  catch(error: unknown, host: ArgumentsHost): Observable<never> | void {
    const reply = errorResponse(error);
    if (reply === undefined) throw error;
    switch (host.getType<string>()) {
      case 'http':
        return this.#respond(reply, host);
      case 'rpc':
        rpcLogger.error(error);
        return throwError(() => unknownError);
      case 'ws':
        wsLogger.error(error);
        return sendException(host);
      default:
        throw error;
    }
  }

  #respond(reply: HttpResponse, host: ArgumentsHost): void {
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

interface Socket {
  readonly readyState?: unknown;
  readonly send?: (text: string) => void;
  readonly emit?: (event: string, payload: object) => void;
}

/** Sends Nest's `exception` event. `emit` of a native WebSocket would only call local listeners. */
function sendException(host: ArgumentsHost): void {
  const ws = host.switchToWs();
  const client = ws.getClient<Socket | undefined>();
  const payload = { ...unknownError, cause: { pattern: ws.getPattern(), data: ws.getData<unknown>() } };
  if (typeof client?.readyState === 'number') client.send?.(JSON.stringify({ event: 'exception', data: payload }));
  else client?.emit?.('exception', payload);
}
