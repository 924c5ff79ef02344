import { expect, test } from 'vitest';
import { decodeSecretPage, listSecretsRequest } from './list-secrets.ts';

const decode = (body: unknown): unknown => decodeSecretPage(Buffer.from(JSON.stringify(body)), 'kms.test');

test('requests pages of the size that KMS allows', () => {
  expect(listSecretsRequest(3)).toEqual({ action: 'ListSecrets', parameters: { PageNumber: '3', PageSize: '100' } });
});

test('decodes a page', () => {
  const Secret = [{ SecretName: 'a', SecretType: 'Rds' }, { SecretName: 'b' }, { SecretName: 7 }, null];

  expect(decode({ SecretList: { Secret }, TotalCount: 4, RequestId: 'x' })).toEqual({
    secrets: [
      { name: 'a', type: 'Rds' },
      { name: 'b', type: 'Generic' },
    ],
    total: 4,
  });
});

test.each([
  {},
  { SecretList: { Secret: [] } },
  { SecretList: 7, TotalCount: 1 },
  { SecretList: { Secret: {} }, TotalCount: 1 },
])('rejects %j', (body) => {
  expect(() => decode(body)).toThrow('SecretList or TotalCount is missing');
});
