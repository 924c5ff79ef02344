import { Inject, Injectable } from '@nestjs/common';
import type { ReadOptions, Secret, SecretClient, SecretSnapshot } from '@kms-secrets/core';
import { defaultClient, getSecretClientToken } from './inject-secret.decorator.ts';
import { snapshotOn } from './request-secret.decorator.ts';

/** The default client as an injectable class, for names that are known only at run time. */
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

  /** The secrets as `request` sees them, for guards and interceptors: the same versions as `@RequestSecret`. */
  of(request: object): SecretSnapshot {
    return snapshotOn(request, this.client, defaultClient);
  }
}
