import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { healthOf } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { getSecretClientToken } from './inject-secret.decorator.ts';

/** What is looked at besides the client's own state. */
export interface SecretsHealthOptions {
  /** Which client, where there are several. */
  readonly client?: string | undefined;
  /** Names without which it is down. */
  readonly required?: readonly string[] | undefined;
}

/**
 * Whether the secrets can be served, for a readiness check of Terminus: `up`, `down` if `healthOf` says `failing`, and
 * `degraded` where Terminus knows that (12.1). Names, versions and ages; never a value.
 */
@Injectable()
export class SecretsHealthIndicator {
  readonly #indicators: HealthIndicatorService;
  readonly #modules: ModuleRef;

  constructor(
    @Inject(HealthIndicatorService) indicators: HealthIndicatorService,
    @Inject(ModuleRef) modules: ModuleRef,
  ) {
    this.#indicators = indicators;
    this.#modules = modules;
  }

  isHealthy<const Key extends string>(key: Key, options: SecretsHealthOptions = {}): HealthIndicatorResult<Key> {
    const client = this.#modules.get<SecretClient>(getSecretClientToken(options.client), { strict: false });
    const { status: health, ...details } = healthOf(client.describe(), options.required);
    const indicator = this.#indicators.check(key);
    if (health === 'failing') return indicator.down({ health, ...details });
    // Before Terminus 12.1 there was nothing in between.
    if (health === 'degraded' && 'degraded' in indicator) return indicator.degraded({ health, ...details });
    return indicator.up({ health, ...details });
  }
}
