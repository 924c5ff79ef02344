import { createSecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { secretErrors } from './secret-errors.ts';

const client = createSecretClient({ endpoints: [new FakeTransport()], retry: { maxAttempts: 1 } });

test('passes on the arguments and the response of the handler', async () => {
  const GET = secretErrors(async (request: Request, { id }: { id: string }) => new Response(`${request.url} ${id}`));

  const response = await GET(new Request('http://shop.example/'), { id: '7' });

  expect([response.status, await response.text()]).toEqual([200, 'http://shop.example/ 7']);
});

test('responds to a SecretError with 503 and its code alone', async () => {
  const GET = secretErrors(async () => Response.json((await client.get('gone')).json()));

  const response = await GET();

  expect([response.status, await response.json()]).toEqual([503, { code: 'ERR_SECRET_NOT_FOUND' }]);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('content-type')).toBe('application/json');
});

test('leaves other errors to Next, which throws to redirect', async () => {
  const redirect = Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;replace;/login;307;' });

  await expect(secretErrors(() => Promise.reject(redirect))()).rejects.toBe(redirect);
  await expect(
    secretErrors(() => {
      throw redirect;
    })(),
  ).rejects.toBe(redirect);
});
