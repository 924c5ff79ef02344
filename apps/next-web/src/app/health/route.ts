import { secretsHealth } from '@kms-secrets/next';

export const GET = secretsHealth();
