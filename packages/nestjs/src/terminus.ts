import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { healthOptionNames, refuseUnknownOptions } from '@kms-secrets/core';
import type { HealthOptions, SecretClient } from '@kms-secrets/core';
import { getSecretClientToken } from './inject-secret.decorator.ts';

export interface SecretsHealthOptions extends HealthOptions {
  /** The client's name, where there are several. */
  readonly client?: string | undefined;
}

/**
 * A readiness check for Terminus: `down` if the client's health is `failing`, `degraded` if Terminus has that status (12.1 and
 * later), else `up`. Reports counts, versions and ages; never a value.
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

  /** Throws `ConfigurationError` for an unknown option. */
  isHealthy<const Key extends string>(key: Key, options: SecretsHealthOptions = {}): HealthIndicatorResult<Key> {
    refuseUnknownOptions(options, 'SecretsHealthIndicator.isHealthy()', ['client', ...healthOptionNames]);
    const client = this.#modules.get<SecretClient>(getSecretClientToken(options.client), { strict: false });
    const { status: health, ...details } = client.health(options);
    const indicator = this.#indicators.check(key);
    if (health === 'failing') return indicator.down({ health, ...details });
    if (health === 'degraded' && 'degraded' in indicator) return indicator.degraded({ health, ...details });
    return indicator.up({ health, ...details });
  }
}
