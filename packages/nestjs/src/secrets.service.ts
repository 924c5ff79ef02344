import { Inject, Injectable } from '@nestjs/common';
import type { ReadOptions, Secret, SecretClient, SecretSnapshot } from '@kms-secrets/core';
import { defaultClient, getSecretClientToken } from './inject-secret.decorator.ts';
import { snapshotFor } from './request-scope.ts';

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

  /**
   * The secrets as one request, message or GraphQL operation sees them, for guards and interceptors: the same versions as
   * `@RequestSecret`. Takes the execution context, or an HTTP request.
   *
   * With any other object, such as a socket, each call returns a snapshot of its own.
   */
  of(contextOrRequest: object): SecretSnapshot {
    return snapshotFor(contextOrRequest, this.client, defaultClient);
  }
}
