import { Config, Provide, Scope, ScopeEnum } from '@midwayjs/core';
import type { Application, Framework } from '@midwayjs/koa';

/** Resolves when load balancers no longer send requests to this process. */
export type Drain = () => Promise<unknown>;

/**
 * Serves requests for some time after SIGTERM, which an orchestrator sends while its load balancers still send requests. While
 * `isStopping`, readiness fails, and each response ends its connection, so that callers open the next one to another process.
 */
@Provide()
@Scope(ScopeEnum.Singleton)
export class Shutdown {
  /** Set by main.ts. Default: load balancers no longer send any. */
  @Config('shutdown.drain') readonly drain: Drain | undefined;
  isStopping = false;

  /** Resolves when the open requests have ended. Midway would not wait for them. */
  async run(app: Application): Promise<void> {
    this.isStopping = true;
    await this.drain?.();
    const server = (app.getFramework() as Framework).getServer();
    // Keep-alive connections without a request would delay the end.
    const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
    await new Promise((resolve) => void server.close(resolve));
    clearInterval(closeIdle);
  }
}
