import { Inject, Injectable } from '@nestjs/common';
import type { ReadOptions, Secret, SecretClient, SecretSnapshot } from '@kms-secrets/core';
import { getSecretClientToken, usualClient } from './inject-secret.decorator.ts';
import { snapshotOn } from './request-secret.decorator.ts';

/** Secrets by names that are not known before: the client that has no name of its own, as a class to inject. */
@Injectable()
export class SecretsService {
  readonly client: SecretClient;

  constructor(@Inject(getSecretClientToken()) client: SecretClient) {
    this.client = client;
  }

  /** Reads a secret; see `SecretClient.get`. */
  get(name: string, options?: ReadOptions): Promise<Secret> {
    return this.client.get(name, options);
  }

  /** Fetches a secret from KMS now; see `SecretClient.refresh`. */
  refresh(name: string, options?: ReadOptions): Promise<Secret> {
    return this.client.refresh(name, options);
  }

  /** The secrets as this request sees them, for guards and interceptors: the same that `@RequestSecret` hands out. */
  of(request: object): SecretSnapshot {
    return snapshotOn(request, this.client, usualClient);
  }
}
