import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccessDeniedError, SecretTypeError, SecretUnavailableError } from '@kms-secrets/core';
import express5 from 'express';
import type { ErrorRequestHandler, RequestHandler } from 'express';
// @ts-expect-error -- Express 4 under another name has no types of its own
import untyped from 'express4';
import { describe, expect, test } from 'vitest';
import { secretErrors } from './secret-errors.ts';

const express4 = untyped as typeof express5; // the parts used here are the same in both

/** Requests a service with the given route. An error that `secretErrors` passes on is recorded and gets a 418. */
async function responseOf(
  route: RequestHandler,
  { express = express5, passedOn = [] }: { readonly express?: typeof express5; readonly passedOn?: unknown[] } = {},
): Promise<{ response: Response; body: string }> {
  // oxlint-disable-next-line max-params -- Express recognises an error handler by its four parameters
  const others: ErrorRequestHandler = (error: unknown, _req, res, next) => {
    passedOn.push(error);
    if (res.headersSent) next(error);
    else res.status(418).end();
  };
  const app = express().get('/', route).use(secretErrors(), others).set('env', 'test');
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return { response, body: await response.text() };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const failWith =
  (error: unknown): RequestHandler =>
  (_req, _res, next) => {
    next(error);
  };

const details = { secretName: 'prod/db', endpoint: 'kms.example', requestId: 'request-1' };
const unavailable = new SecretUnavailableError('KMS is unavailable: kms.example', { ...details, attempts: [] });
const denied = new AccessDeniedError('KMS denies access to "prod/db"', details);
const typeError = new SecretTypeError({ ...details, versionId: 'v1', expected: 'text', actual: 'binary', advice: '' });

// http-response.test.ts of core has every code.
describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('%s', (_version, express) => {
  test.each([
    [503, '1', unavailable],
    [503, null, denied],
    [500, null, typeError],
  ])('responds with %i and Retry-After %s to %s', async (status, retryAfter, error) => {
    const { response, body } = await responseOf(failWith(error), { express });

    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(response.headers.get('cache-control')).toBe('no-store');
    // The code and nothing else: no name, endpoint, request id, message or stack.
    expect(body).toBe(JSON.stringify({ code: error.code }));
  });
});

test.each([
  ['any other error', new Error('unrelated')],
  ['a thrown value that is not an error', 'a string'],
])('passes on %s', async (_, error) => {
  const passedOn: unknown[] = [];

  const { response } = await responseOf(failWith(error), { passedOn });

  expect([response.status, passedOn]).toEqual([418, [error]]);
});

test('removes the content headers of the response that the route began', async () => {
  const { response, body } = await responseOf((_req, res, next) => {
    res.set({ 'content-type': 'text/html', 'content-encoding': 'gzip', etag: '"1"', 'x-request-id': '7' });
    next(denied);
  });

  expect(body).toBe('{"code":"ERR_ACCESS_DENIED"}');
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('x-request-id')).toBe('7');
});

test('leaves a response that has begun to Express, which aborts it', async () => {
  const passedOn: unknown[] = [];
  const route: RequestHandler = (_req, res, next) => {
    res.set('content-length', '100').write('the beginning');
    next(denied);
  };

  await expect(responseOf(route, { passedOn })).rejects.toThrow('terminated');
  expect(passedOn).toEqual([denied]);
});
