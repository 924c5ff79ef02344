import { healthResponse, InjectSecretClient } from '@kms-secrets/nestjs';
import type { SecretClient } from '@kms-secrets/nestjs';
import { Controller, Get, Inject, Res, ServiceUnavailableException } from '@nestjs/common';
import { Shutdown } from './shutdown.ts';

/** Probes and metrics. */
@Controller()
export class ProbesController {
  readonly #client: SecretClient;
  readonly #shutdown: Shutdown;

  constructor(@InjectSecretClient() client: SecretClient, @Inject(Shutdown) shutdown: Shutdown) {
    this.#client = client;
    this.#shutdown = shutdown;
  }

  @Get('ready')
  async ready(): Promise<object> {
    if (this.#shutdown.isStopping) throw new ServiceUnavailableException();
    await this.#client.ready();
    return { isReady: true };
  }

  /** An app with Terminus uses `SecretsHealthIndicator` instead. */
  @Get('health')
  health(@Res({ passthrough: true }) response: { status(code: number): unknown }): object {
    const { status, body } = healthResponse(this.#client.health());
    response.status(status);
    return body;
  }

  @Get('stats')
  stats(): object {
    return this.#client.stats();
  }
}
