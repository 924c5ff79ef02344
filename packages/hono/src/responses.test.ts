import { AccessDeniedError, SecretTypeError, SecretUnavailableError } from '@kms-secrets/core';
import { fixedSecrets } from '@kms-secrets/testing';
import { Hono } from 'hono';
import type { Context, ErrorHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { expect, onTestFinished, test, vi } from 'vitest';
import { secretErrors, secrets, secretsHealth } from './index.ts';

const details = { secretName: 'prod/db', endpoint: 'kms.example', requestId: 'request-1' };
const unavailable = new SecretUnavailableError('KMS is unavailable: kms.example', { ...details, attempts: [] });
const denied = new AccessDeniedError('KMS denies access to "prod/db"', details);
const typeError = new SecretTypeError({ ...details, versionId: 'v1', expected: 'text', actual: 'binary', advice: '' });

async function responseTo(
  route: (c: Context) => Response,
  ...others: readonly ErrorHandler[]
): Promise<{ response: Response; body: string }> {
  const app = new Hono().get('/', route).onError(secretErrors(...others));
  const response = await app.request('/');
  return { response, body: await response.text() };
}

const failWith = (error: Error) => (): never => {
  throw error;
};

// http-response.test.ts of core has every code.
test.each([
  [503, '1', unavailable],
  [503, null, denied],
  [500, null, typeError],
])('responds with %i and Retry-After %s to %s', async (status, retryAfter, error) => {
  const { response, body } = await responseTo(failWith(error));

  expect(response.status).toBe(status);
  expect(response.headers.get('retry-after')).toBe(retryAfter);
  expect(response.headers.get('cache-control')).toBe('no-store');
  // The code and nothing else: no name, endpoint, request id, message or stack.
  expect(body).toBe(JSON.stringify({ code: error.code }));
});

test('passes every other error on to the given handler', async () => {
  const error = new Error('unrelated');

  const { response, body } = await responseTo(failWith(error), (given, c) => c.text(String(given === error), 418));

  expect([response.status, body]).toEqual([418, 'true']);
});

test.each([
  ['an HTTPException', new HTTPException(401, { message: 'Sign in.' }), 0],
  ['any other error', new Error('unrelated'), 1],
])('without a handler, responds to %s as Hono does without app.onError', async (_, error, logged) => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const route = (c: Context): Response => {
    c.header('x-request-id', '7');
    throw error;
  };
  const expected = await new Hono().get('/', route).request('/');
  const logs = log.mock.calls.splice(0);

  const { response, body } = await responseTo(route);

  expect(logs).toHaveLength(logged);
  expect(log.mock.calls).toEqual(logs);
  expect([response.status, body]).toEqual([expected.status, await expected.text()]);
  expect([...response.headers]).toEqual([...expected.headers]);
});

test('removes the content headers of the response that the route began', async () => {
  const { response, body } = await responseTo((c) => {
    for (const header of ['content-type', 'content-encoding', 'etag', 'x-request-id']) c.header(header, '7');
    throw denied;
  });

  expect(body).toBe('{"code":"ERR_ACCESS_DENIED"}');
  expect(response.headers.get('content-type')).toMatch(/^application\/json/u);
  expect(['content-encoding', 'etag', 'x-request-id'].map((name) => response.headers.get(name))).toEqual([
    null,
    null,
    '7',
  ]);
});

test('secretsHealth responds without values, also after the client was closed', async () => {
  const client = fixedSecrets({ db: 's3cret-db' });
  const app = new Hono()
    .onError(secretErrors())
    .get('/ready', secretsHealth(client, { required: ['db'], details: true }))
    .use(secrets(client, { preload: ['db'] }))
    .get('/', (c) => c.json([c.var.secrets.secret('db').name]));
  const outcome = async (path: string): Promise<readonly [number, string | null, unknown]> => {
    const response = await app.request(path);
    return [response.status, response.headers.get('cache-control'), await response.json()];
  };

  const [before, ok] = [await outcome('/'), await outcome('/ready')];
  await client.close();
  const responses = [before, ok, await outcome('/ready'), await outcome('/')];

  expect(responses).toMatchObject([
    [200, null, ['db']],
    [200, 'no-store', { status: 'ok', secrets: [{ name: 'db', versionId: 'v1' }] }],
    [503, 'no-store', { status: 'failing' }],
    [503, 'no-store', { code: 'ERR_CLIENT_CLOSED' }],
  ]);
  expect(JSON.stringify(responses)).not.toContain('s3cret-');
});

test('secretsHealth refuses unknown options', () => {
  const options = { require: ['db'] } as object; // a mistake that the types reject

  expect(() => secretsHealth(fixedSecrets({}), options)).toThrow(/require \(secretsHealth\(\)\)[^]*required, details/u);
});
