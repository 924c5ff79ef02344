import { createHash } from 'node:crypto';
import { InjectSecretClient, isSecretError } from '@kms-secrets/midway';
import type { Secret, SecretClient } from '@kms-secrets/midway';
import { Controller, Get, Inject, Post } from '@midwayjs/core';
import type { Context } from '@midwayjs/koa';

/** A secret as this service shows it, without the value. */
interface SecretInfo {
  readonly name: string;
  readonly versionId: string;
  readonly stale: boolean;
  readonly sha256: string;
}

/** Any secret, by the name in the path. */
@Controller('/secrets/:name')
export class SecretsController {
  @Inject() readonly ctx!: Context;
  @InjectSecretClient() readonly client!: SecretClient;

  /** Not `@Param('name')`: without `emitDecoratorMetadata`, Midway passes the context instead. */
  get #name(): string {
    return String(this.ctx['params'].name);
  }

  @Get('/')
  async read(): Promise<SecretInfo> {
    return infoOf(await this.ctx.secrets.get(this.#name));
  }

  @Post('/refresh')
  async refresh(): Promise<SecretInfo> {
    return infoOf(await this.client.refresh(this.#name));
  }
}

/** The hash shows whether two values differ. A short value can be guessed from it, so do not expose this service. */
function infoOf(secret: Secret): SecretInfo {
  const sha256 = createHash('sha256').update(contentOf(secret)).digest('hex');
  return { name: secret.name, versionId: secret.versionId, stale: secret.stale, sha256 };
}

function contentOf(secret: Secret): string | Uint8Array {
  try {
    return secret.text();
  } catch (error) {
    if (isSecretError(error, 'ERR_SECRET_TYPE')) return secret.bytes();
    throw error;
  }
}
