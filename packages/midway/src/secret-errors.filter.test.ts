import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeTransport } from '@kms-secrets/testing';
import { Controller, Get, Inject } from '@midwayjs/core';
import type { Context } from '@midwayjs/koa';
import { expect, onTestFinished, test } from 'vitest';
import { AccessDeniedError, createSecretClient, SecretErrorsFilter } from './index.ts';
import { startApp } from './midway-app.fixture.ts';

@Controller('/read')
class ReadController {
  @Inject() readonly ctx!: Context;

  @Get('/')
  async read(): Promise<string> {
    const name = String(this.ctx.query['name']);
    if (name === 'bug') throw new Error('s3cret-in-a-message');
    if (name === 'json') return String((await this.ctx.secrets.get('db')).json());
    return (await this.ctx.secrets.get(name)).versionId;
  }
}

async function send(name: string): Promise<Response> {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  kms.fail('denied', 'denied');
  kms.fail('unavailable', 'out');
  const client = createSecretClient({ endpoints: [kms], retry: { maxAttempts: 1 } });
  const app = await startApp({ client }, { classes: [ReadController] });
  app.useFilter(SecretErrorsFilter);
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  return fetch(`http://127.0.0.1:${port}/read?name=${name}`, { headers: { connection: 'close' } });
}

test.each([
  ['denied', 503, 'ERR_ACCESS_DENIED', null],
  ['typo', 503, 'ERR_SECRET_NOT_FOUND', null],
  ['out', 503, 'ERR_SECRET_UNAVAILABLE', '1'],
  ['json', 500, 'ERR_SECRET_TYPE', null],
] as const)('responds to %s with %i and a code alone', async (...[name, status, code, retryAfter]) => {
  const response = await send(name);

  expect(await response.json()).toEqual({ code });
  expect([response.status, response.headers.get('cache-control'), response.headers.get('retry-after')]).toEqual([
    status,
    'no-store',
    retryAfter,
  ]);
});

test('leaves other errors, and responses without an error, to Midway', async () => {
  expect(await (await send('db')).text()).toBe('v1');
  const response = await send('bug');
  expect(response.status).toBe(500);
  expect(response.headers.get('cache-control')).toBe(null);
});

test('rethrows outside of HTTP, and an error of any other kind', () => {
  const filter = new SecretErrorsFilter();
  const denied = new AccessDeniedError('Denied.', { secretName: 'db' });
  const other = new TypeError('Another error.');

  expect(() => filter.catch(denied, { status: 0 })).toThrow(denied);
  expect(() => filter.catch(other, { status: 0, set: () => {} })).toThrow(other);
});
