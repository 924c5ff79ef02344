import type { SecretSnapshot } from '@kms-secrets/core';
import type { SecretNames, SecretsOptions } from './options.ts';

export * from './core-exports.ts';
export { InjectSecret, InjectSecretClient, secretClientId } from './inject-secret.decorator.ts';
export type { MergedSecret, MergedSecrets, SecretNames, SecretsOptions } from './options.ts';
export { SecretErrorsFilter } from './secret-errors.filter.ts';
// Midway takes the component from this name: `imports: [koa, secrets]` after `import * as secrets from '@kms-secrets/midway'`.
export { SecretsConfiguration as Configuration } from './secrets.configuration.ts';

declare module '@midwayjs/core' {
  interface MidwayConfig {
    kmsSecrets?: SecretsOptions | undefined;
  }
  interface Context {
    /** The secrets as this request, message or job read them first. Later ones see a rotation. */
    readonly secrets: SecretSnapshot<SecretNames>;
  }
}
