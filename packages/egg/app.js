// Egg finds this file by its name, in the workers.
export { SecretsApp as default } from '@kms-secrets/egg';
