import { expect, test } from 'vitest';
import { clientKeyVectors, vectorKey } from '../loopback.fixture.ts';
import { getSecretValueRequest, batchGetSecretValueRequest } from './request-parameters.ts';
import { clientKeyQuery, rpcStringToSign, withSignature } from './sign-rpc.ts';
import { canonicalQuery } from './sign.ts';

test.each(clientKeyVectors.rpcV1ClientKey)('signs $id like the official clients', async (vector) => {
  const query = canonicalQuery(
    Object.fromEntries(Object.entries(vector.query).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
  const text = rpcStringToSign(vector.method, query);
  const signature = await vectorKey.sign(text);

  expect(query).toBe(vector.canonicalQuery);
  expect(text).toBe(vector.stringToSign);
  expect(signature).toBe(vector.signature);
  expect(withSignature(query, signature)).toBe(`${vector.canonicalQuery}&${vector.signatureParam}`);
});

const request = { name: 'product!name', stage: 'ACSCurrent', versionId: 'v1' };

test.each([
  ['GetSecretValue', getSecretValueRequest(request), 'SecretName=product%21name'],
  [
    'BatchGetSecretValue',
    batchGetSecretValueRequest([request]),
    'SecretsList=%5B%7B%22SecretName%22%3A%22product%21name%22',
  ],
])('sorts the parameters of %s by name', (_, actionRequest, part) => {
  const query = clientKeyQuery(actionRequest, { keyId: 'KAAP.1', date: '2026-01-02T03:04:05Z', nonce: 'n' });

  const names = query.split('&').map((pair) => pair.split('=')[0] ?? '');
  expect(names).toEqual(names.toSorted());
  expect(query).toContain(part);
});
