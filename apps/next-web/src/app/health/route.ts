export { secretsHealth as GET } from '@kms-secrets/next';
