import { createHash } from 'node:crypto';
import { isSecretError, SecretsService } from '@kms-secrets/nestjs';
import type { Secret } from '@kms-secrets/nestjs';
import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';

/** A secret as this service shows it, without the value. */
interface SecretInfo {
  readonly name: string;
  readonly versionId: string;
  readonly stale: boolean;
  readonly sha256: string;
}

/** Any secret, by the name in the path. */
@Controller('secrets/:name')
export class SecretsController {
  readonly #secrets: SecretsService;

  constructor(@Inject(SecretsService) secrets: SecretsService) {
    this.#secrets = secrets;
  }

  @Get()
  async read(@Param('name') name: string): Promise<SecretInfo> {
    return infoOf(await this.#secrets.get(name));
  }

  @Post('refresh')
  @HttpCode(200)
  async refresh(@Param('name') name: string): Promise<SecretInfo> {
    return infoOf(await this.#secrets.refresh(name));
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
