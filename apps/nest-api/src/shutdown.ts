import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** Resolves when load balancers no longer send requests to this process. */
export type Drain = () => Promise<unknown>;
/** The token of the `Drain`. */
export const drainToken: unique symbol = Symbol('drain');

/**
 * Serves requests for some time after SIGTERM, which an orchestrator sends while its load balancers still send requests. While
 * `isStopping`, readiness fails, and each response ends its connection, so that callers open the next one to another process.
 */
@Injectable()
export class Shutdown implements BeforeApplicationShutdown, OnApplicationShutdown {
  #isStopping = false;
  #closeIdle: NodeJS.Timeout | undefined;
  readonly #drain: Drain;
  readonly #host: HttpAdapterHost;

  constructor(@Inject(drainToken) drain: Drain, @Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#drain = drain;
    this.#host = host;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Nest refuses new connections after this hook. */
  async beforeApplicationShutdown(signal?: string): Promise<void> {
    this.#isStopping = true;
    if (signal === 'SIGTERM') await this.#drain();
    const server: ReturnType<NestExpressApplication['getHttpServer']> = this.#host.httpAdapter.getHttpServer();
    // Keep-alive connections without a request would delay the end.
    this.#closeIdle = setInterval(() => server.closeIdleConnections(), 50);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#closeIdle);
  }
}
