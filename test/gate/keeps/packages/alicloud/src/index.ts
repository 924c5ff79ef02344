export type { SecretClient } from '@kms-secrets/core';
export { CredentialModel } from '@alicloud/credentials';
