import { healthResponse, InjectSecretClient } from '@kms-secrets/midway';
import type { SecretClient } from '@kms-secrets/midway';
import { Controller, Get, httpError, Inject } from '@midwayjs/core';
import type { Context } from '@midwayjs/koa';
import type { Shutdown } from './shutdown.ts';

/** Probes and metrics. */
@Controller('/')
export class ProbesController {
  @Inject() readonly ctx!: Context;
  @InjectSecretClient() readonly client!: SecretClient;
  @Inject() readonly shutdown!: Shutdown;

  @Get('/ready')
  async ready(): Promise<object> {
    if (this.shutdown.isStopping) throw new httpError.ServiceUnavailableError();
    await this.client.ready();
    return { isReady: true };
  }

  @Get('/health')
  async health(): Promise<object> {
    const { status, body } = healthResponse(this.client.health());
    this.ctx.status = status;
    return body;
  }

  @Get('/stats')
  async stats(): Promise<object> {
    return this.client.stats();
  }
}
