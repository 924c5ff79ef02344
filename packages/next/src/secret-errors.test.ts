import { createSecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { secretErrors } from './secret-errors.ts';

const client = createSecretClient({ endpoints: [new FakeTransport()], retry: { maxAttempts: 1 } });

test('an answer is handed on as it is, and so is what the handler is asked with', async () => {
  const answer = secretErrors(async (request: Request, { id }: { id: string }) => new Response(`${request.url} ${id}`));

  const response = await answer(new Request('http://shop.example/'), { id: '7' });

  expect([response.status, await response.text()]).toEqual([200, 'http://shop.example/ 7']);
});

test('an error of ours is answered with 503, its code and nothing else', async () => {
  const answer = secretErrors(async () => Response.json((await client.get('gone')).json()));

  const response = await answer();

  expect([response.status, await response.json()]).toEqual([503, { code: 'ERR_SECRET_NOT_FOUND' }]);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('content-type')).toBe('application/json');
});

test('any other error is left to Next, which tells a redirect by one', async () => {
  const redirect = Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;replace;/login;307;' });

  await expect(secretErrors(() => Promise.reject(redirect))()).rejects.toBe(redirect);
  await expect(
    secretErrors(() => {
      throw redirect;
    })(),
  ).rejects.toBe(redirect);
});
