import { expect, test } from 'vitest';
import { clientKeyVectors, vectorKey } from '../loopback.fixture.ts';
import { instanceHeaders, instanceStringToSign } from './sign-instance.ts';

test.each(clientKeyVectors.instanceApi)('signs $id like the official clients', async (vector) => {
  const { authorization, ...unsigned } = vector.headers;

  const headers = instanceHeaders({
    host: unsigned['host'] ?? '',
    date: 'Fri, 02 Jan 2026 03:04:05 GMT',
    userAgent: 'probe/1',
    keyId: vectorKey.keyId,
    body: Buffer.from(vector.bodyHex, 'hex'),
  });
  const text = instanceStringToSign('POST', headers);

  expect(Object.entries(headers)).toEqual(Object.entries(unsigned));
  expect(text).toBe(vector.stringToSign);
  expect(`Bearer ${await vectorKey.sign(text)}`).toBe(authorization);
});

test('treats a missing header as empty', () => {
  expect(instanceStringToSign('POST', { 'x-kms-b': '2', 'x-kms-a': '1', host: 'x' })).toBe(
    'POST\n\n\n\nx-kms-a:1\nx-kms-b:2\n/',
  );
});
