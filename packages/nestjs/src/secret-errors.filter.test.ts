import { Controller, Get, HttpException, Res } from '@nestjs/common';
import type { ArgumentsHost, Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { AccessDeniedError, SecretTypeError, SecretUnavailableError } from '@kms-secrets/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SecretErrorsFilter } from './index.ts';

const details = { secretName: 'prod/db', endpoint: 'kms.example', requestId: 'r-1' };
const unavailable = new SecretUnavailableError('KMS is unavailable', { ...details, attempts: [] });
const denied = new AccessDeniedError('KMS denies access to "prod/db"', details);
const wrongType = new SecretTypeError({
  secretName: 'db',
  versionId: 'v1',
  expected: 'text',
  actual: 'binary',
  advice: '',
});
const foreignCopy = Object.assign(new Error('denied'), {
  [Symbol.for('@kms-secrets/core.error')]: true,
  code: 'ERR_ACCESS_DENIED',
});

/** The response of an app with the filter when a route throws. */
async function responseTo(
  error: unknown,
  adapter = new ExpressAdapter() as ConstructorParameters<Type>[0],
): Promise<Response> {
  @Controller()
  class Routes {
    @Get()
    read(): never {
      throw error;
    }
  }
  const metadata = { controllers: [Routes], providers: [{ provide: APP_FILTER, useClass: SecretErrorsFilter }] };
  const module = await Test.createTestingModule(metadata).compile();
  const app = module.createNestApplication(adapter, { logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return fetch(await app.getUrl());
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('on %s', (_platform, adapter) => {
  test.each([
    [503, '1', unavailable],
    [503, null, denied],
    [500, null, wrongType],
    [503, null, foreignCopy],
  ])('responds with %i and Retry-After %s to %s', async (status, retryAfter, error) => {
    const response = await responseTo(error, adapter());

    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    // The code and nothing else: no name, endpoint, request id, message or stack.
    expect(await response.text()).toBe(JSON.stringify({ code: error.code }));
  });

  test('leaves other errors to Nest', async () => {
    const response = await responseTo(new HttpException('a teapot', 418), adapter());

    expect(response.status).toBe(418);
  });
});

test('ends a response that has begun, without adding to it', async () => {
  @Controller()
  class Routes {
    @Get()
    read(@Res() response: { write(text: string): void }): never {
      response.write('the beginning');
      throw denied;
    }
  }
  const metadata = { controllers: [Routes], providers: [{ provide: APP_FILTER, useClass: SecretErrorsFilter }] };
  const app = (await Test.createTestingModule(metadata).compile()).createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');

  expect(await (await fetch(await app.getUrl())).text()).toBe('the beginning');
});

test('rethrows the error to a GraphQL resolver or another library', () => {
  const host = { getType: () => 'graphql' } as unknown as ArgumentsHost; // the filter uses nothing else

  expect(() => new SecretErrorsFilter({} as never).catch(denied, host)).toThrow(denied);
});
