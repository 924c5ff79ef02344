import { healthAnswer, healthOf, InjectSecretClient } from '@kms-secrets/nestjs';
import type { SecretClient } from '@kms-secrets/nestjs';
import { Controller, Get, Res } from '@nestjs/common';

/** What an operator and a load balancer ask. */
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

  /** With Terminus it would be `SecretsHealthIndicator`. */
  @Get('health')
  health(@Res({ passthrough: true }) response: { status(code: number): unknown }): object {
    const { status, body } = healthAnswer(healthOf(this.#client.describe()));
    response.status(status);
    return body;
  }

  @Get('stats')
  stats(): object {
    return this.#client.stats();
  }
}
