import { createHash } from 'node:crypto';
import { isSecretError, SecretsService } from '@kms-secrets/nestjs';
import type { Secret } from '@kms-secrets/nestjs';
import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';

/** What is told of a secret; never its value. */
interface Described {
  readonly name: string;
  readonly versionId: string;
  readonly stale: boolean;
  readonly sha256: string;
}

/** Any secret, by a name that the caller chooses. */
@Controller('secrets/:name')
export class SecretsController {
  readonly #secrets: SecretsService;

  constructor(@Inject(SecretsService) secrets: SecretsService) {
    this.#secrets = secrets;
  }

  @Get()
  async read(@Param('name') name: string): Promise<Described> {
    return described(await this.#secrets.get(name));
  }

  @Post('refresh')
  @HttpCode(200)
  async refresh(@Param('name') name: string): Promise<Described> {
    return described(await this.#secrets.refresh(name));
  }
}

/** The hash tells two values apart without showing either; of a short value it can be guessed, so keep this service inside. */
function described(secret: Secret): Described {
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
