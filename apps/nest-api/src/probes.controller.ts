import { healthResponse, InjectSecretClient } from '@kms-secrets/nestjs';
import type { SecretClient } from '@kms-secrets/nestjs';
import { Controller, Get, Res } from '@nestjs/common';

/** Probes and metrics. */
@Controller()
export class ProbesController {
  readonly #client: SecretClient;

  constructor(@InjectSecretClient() client: SecretClient) {
    this.#client = client;
  }

  @Get('ready')
  async ready(): Promise<object> {
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
