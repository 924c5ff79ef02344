import { Router } from '@koa/router';
import { AccessDeniedError, SecretTypeError, SecretUnavailableError } from '@kms-secrets/core';
import { fixedSecrets } from '@kms-secrets/testing';
import type { ExtendableContext } from 'koa';
import { describe, expect, test } from 'vitest';
import { secretErrors, secrets, secretsHealth } from './index.ts';
import { serving, versions } from './serving.fixture.ts';

const details = { secretName: 'prod/db', endpoint: 'kms.example', requestId: 'request-1' };
const unavailable = new SecretUnavailableError('KMS is unavailable: kms.example', { ...details, attempts: [] });
const denied = new AccessDeniedError('KMS denies access to "prod/db"', details);
const typeError = new SecretTypeError({ ...details, versionId: 'v1', expected: 'text', actual: 'binary', advice: '' });

describe.each(versions)('%s', (_version, Koa) => {
  /** Requests a service with the given route. An error that `secretErrors` passes on is recorded and gets a 418. */
  async function responseTo(
    route: (ctx: ExtendableContext) => void,
    passedOn: unknown[] = [],
  ): Promise<{ response: Response; body: string }> {
    const app = new Koa();
    app.silent = true;
    app.on('error', (error) => passedOn.push(error));
    app.use(secretErrors()).use(route);
    return serving(app, async (get) => {
      const response = await get('/');
      return { response, body: await response.text() };
    });
  }

  // http-response.test.ts of core has every code.
  test.each([
    [503, '1', unavailable],
    [503, null, denied],
    [500, null, typeError],
  ])('responds with %i and Retry-After %s to %s', async (status, retryAfter, error) => {
    const { response, body } = await responseTo(() => {
      throw error;
    });

    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(response.headers.get('cache-control')).toBe('no-store');
    // The code and nothing else: no name, endpoint, request id, message or stack.
    expect(body).toBe(JSON.stringify({ code: error.code }));
  });

  test('passes every other error on', async () => {
    const passedOn: unknown[] = [];
    const error = Object.assign(new Error('unrelated'), { status: 418 });

    const { response } = await responseTo(() => {
      throw error;
    }, passedOn);

    expect([response.status, passedOn]).toEqual([418, [error]]);
  });

  test('removes the content headers of the response that the route began', async () => {
    const { response, body } = await responseTo((ctx) => {
      ctx.body = '<html>';
      ctx.set({ 'content-encoding': 'gzip', etag: '"1"', 'x-request-id': '7' });
      throw denied;
    });

    expect(body).toBe('{"code":"ERR_ACCESS_DENIED"}');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/u);
    expect([response.headers.get('etag'), response.headers.get('x-request-id')]).toEqual([null, '7']);
  });

  test('leaves a response that has begun to Koa', async () => {
    const passedOn: unknown[] = [];
    const { response, body } = await responseTo((ctx) => {
      ctx.res.end('sent by the route');
      throw denied;
    }, passedOn);

    expect([response.status, body]).toEqual([404, 'sent by the route']);
    expect(passedOn).toEqual([denied]);
  });

  test('secretsHealth responds without values, also after the client was closed', async () => {
    const client = fixedSecrets({ db: 's3cret-db' });
    const probes = new Router().get('/ready', secretsHealth(client, { required: ['db'], details: true }));
    const app = new Koa().use(secretErrors()).use(probes.routes());
    app.use(secrets(client, { preload: ['db'] })).use((ctx) => (ctx.body = [ctx.secrets.secret('db').name]));

    const responses = await serving(app, async (get) => {
      const before = await get('/');
      const ok = await get('/ready');
      await client.close();
      return Promise.all(
        [before, ok, await get('/ready'), await get('/')].map(async (each) => [each.status, await each.json()]),
      );
    });

    expect(responses).toMatchObject([
      [200, ['db']],
      [200, { status: 'ok', secrets: [{ name: 'db', versionId: 'v1' }] }],
      [503, { status: 'failing' }],
      [503, { code: 'ERR_CLIENT_CLOSED' }],
    ]);
    expect(JSON.stringify(responses)).not.toContain('s3cret-');
  });
});

test('secretsHealth refuses unknown options', () => {
  const options = { require: ['db'] } as object; // a mistake that the types reject

  expect(() => secretsHealth(fixedSecrets({}), options)).toThrow(/require \(secretsHealth\(\)\)[^]*required, details/u);
});
