import * as secrets from '@kms-secrets/midway';
import { SecretErrorsFilter } from '@kms-secrets/midway';
import { App, Configuration, httpError, Inject } from '@midwayjs/core';
import type { ILifeCycle } from '@midwayjs/core';
import * as koa from '@midwayjs/koa';
import type { Application, Context, NextFunction } from '@midwayjs/koa';
import { defaultConfig } from './default-config.ts';
import { OtherErrorsFilter } from './other-errors.filter.ts';
import type { Shutdown } from './shutdown.ts';

/** Five routes that show what the client does, and never a value. */
@Configuration({ imports: [koa, secrets], importConfigs: [{ default: defaultConfig }] })
export class MainConfiguration implements ILifeCycle {
  @App('koa') readonly app!: Application;
  @Inject() readonly shutdown!: Shutdown;

  async onReady(): Promise<void> {
    this.app.useFilter([SecretErrorsFilter, OtherErrorsFilter]);
    this.app.useMiddleware(async (ctx: Context, next: NextFunction) => {
      ctx.set('cache-control', 'no-store');
      if (this.shutdown.isStopping) ctx.set('connection', 'close');
      // The router would pass on a path that cannot be decoded as it is.
      if (!isDecodable(ctx.path)) throw new httpError.BadRequestError();
      return next() as unknown;
    });
  }

  /** Midway stops this class before the components that it imports, and the server after them. */
  async onStop(): Promise<void> {
    await this.shutdown.run(this.app);
  }
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
