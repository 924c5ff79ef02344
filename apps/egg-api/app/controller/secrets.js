// @ts-check
import { createHash } from 'node:crypto';
import { isSecretError } from '@kms-secrets/egg';
import { Controller } from 'egg';

/** Shows secrets by version and hash, never by value. */
export default class SecretsController extends Controller {
  async show() {
    const { ctx } = this;
    const name = nameIn(ctx.path);
    ctx.body = infoOf(await ctx.secrets.get(name));
  }

  async refresh() {
    const { ctx, app } = this;
    const name = nameIn(ctx.path);
    ctx.body = infoOf(await app.secrets.refresh(name));
  }
}

/**
 * Egg's router passes a name that cannot be decoded on as it is. Throws a `URIError` for one.
 * @param {string} path
 */
function nameIn(path) {
  return decodeURIComponent(path.split('/')[2] ?? '');
}

/**
 * The hash shows whether two values differ. A short value can be guessed from it, so do not expose this service.
 * @param {import('@kms-secrets/egg').Secret} secret
 */
function infoOf(secret) {
  const sha256 = createHash('sha256').update(contentOf(secret)).digest('hex');
  return { name: secret.name, versionId: secret.versionId, stale: secret.stale, sha256 };
}

/** @param {import('@kms-secrets/egg').Secret} secret */
function contentOf(secret) {
  try {
    return secret.text();
  } catch (error) {
    if (isSecretError(error, 'ERR_SECRET_TYPE')) return secret.bytes();
    throw error;
  }
}
