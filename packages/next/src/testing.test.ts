import { fixedSecrets } from '@kms-secrets/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { getSecret, getSecretClient, secretErrors, secretsHealth } from './index.ts';
import { provideSecrets } from './testing.ts';

afterEach(() => {
  provideSecrets(undefined);
  vi.unstubAllEnvs();
});

async function Page(): Promise<string> {
  return `page of ${(await getSecret('prod/db')).text()}`;
}

test('a page and a route read the provided secrets without a request', async () => {
  provideSecrets(fixedSecrets({ 'prod/db': 'for-the-test' }));
  const GET = secretErrors(async () => new Response((await getSecret('prod/other')).text()));

  expect(await Page()).toBe('page of for-the-test');
  expect((await GET()).status).toBe(503);
  expect((await getSecretClient().get('prod/db')).text()).toBe('for-the-test');
});

test('each call replaces the provided secrets', async () => {
  provideSecrets(fixedSecrets({ 'prod/db': 'one' }));
  provideSecrets(fixedSecrets({ 'prod/db': 'two' }));

  expect(await Page()).toBe('page of two');
});

test('a readiness probe reports on the provided secrets', async () => {
  const client = fixedSecrets({ 'prod/db': 'for-the-test' });
  await client.ready();
  provideSecrets(client);

  expect((await secretsHealth({ required: ['prod/db'] })()).status).toBe(200);
  expect((await secretsHealth({ required: ['prod/other'] })()).status).toBe(503);
});

test('without provided secrets, a read outside of a request is refused', async () => {
  await expect(getSecret('prod/db')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_ALLOWED_HERE' });
});

test('is refused in production', () => {
  vi.stubEnv('NODE_ENV', 'production');

  expect(() => provideSecrets(fixedSecrets({}))).toThrow('It is for unit tests');
});
