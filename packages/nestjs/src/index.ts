export * from './core-exports.ts';
export { getSecretClientToken, getSecretToken, InjectSecret, InjectSecretClient } from './inject-secret.decorator.ts';
export { OnSecretRotated } from './on-secret-rotated.decorator.ts';
export { RequestSecret } from './request-secret.decorator.ts';
export { SecretErrorsFilter } from './secret-errors.filter.ts';
export type { ClientOrOptions } from './secrets-core.module.ts';
export { SecretsModule } from './secrets.module.ts';
export type {
  FeatureSecret,
  SecretsModuleAsyncOptions,
  SecretsModuleExtras,
  SecretsOptionsFactory,
} from './secrets.module.ts';
export { SecretsService } from './secrets.service.ts';
