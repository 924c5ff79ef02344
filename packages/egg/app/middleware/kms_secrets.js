// Egg makes `kmsSecrets` of the name of this file, and applies `match`, `ignore` and `enable` of `config.kmsSecrets`.
export { kmsSecrets as default } from '@kms-secrets/egg';
