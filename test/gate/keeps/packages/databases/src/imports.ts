export type { SecretClient } from '@kms-secrets/core';
export const here = 1;
