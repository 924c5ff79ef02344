import { expect } from 'vitest';

import { jsonFields } from '../scenarios/harness/app-client.ts';
import type { RawResponse } from '../scenarios/harness/app-client.ts';
import type { StartApp } from '../scenarios/harness/run-scenario.ts';
import { sha256 } from '../scenarios/harness/sha256.ts';
import { clause, errorResponse } from './adapter-fixture.ts';
import type { Clause } from './contract.ts';

const specialNames: readonly string[] = [
  'prod/db',
  '../../etc/passwd',
  'a/../b',
  '%2e%2e',
  'a%2Fb',
  'refresh',
  'rds!main',
  'a b+c&d=e?f#g',
  'ключ-密码',
  'constructor',
  'x'.repeat(192),
];

/** A value is not in the response, but its version and its state are: no cache may keep them. */
function expectJsonHeaders(headers: RawResponse['headers']): void {
  expect(String(headers['content-type']), 'the header content-type').toMatch(/^application\/json\b/u);
  expect(String(headers['cache-control']), 'the header cache-control').toContain('no-store');
}

/** The response of each route, for success and for each kind of failure. */
export const responseClauses: readonly Clause<StartApp>[] = [
  clause('a read returns name, version, stale flag and hash', {}, async ({ app, kms }) => {
    kms.put('db', 'v1', { value: 's3cret-one' });

    const { status, headers, text } = await app.request('GET', '/secrets/db');

    expect(status).toBe(200);
    expectJsonHeaders(headers);
    expect(jsonFields(text)).toEqual({ name: 'db', versionId: 'v1', stale: false, sha256: sha256('s3cret-one') });
  }),
  clause('a binary secret can be read', {}, async ({ app, kms }) => {
    kms.put('key', 'v1', { value: 's3cret-密码', dataType: 'binary' });

    expect(await app.read('key')).toMatchObject({ status: 200, sha256: sha256('s3cret-密码') });
  }),
  ...specialNames.map((name) =>
    clause(
      `${name.length > 60 ? `a name of ${name.length} characters` : `the name ${name}`} is passed on unchanged`,
      {},
      async ({ app, kms }) => {
        kms.put(name, 'v1', { value: 's3cret-special' });

        const responses = [await app.read(name), await app.refresh(name)];

        expect(responses).toMatchObject([{ status: 200 }, { status: 200 }]);
        expect(kms.requests.map((request) => request.name)).toEqual([name, name]);
        expect((await app.read(`not ${name}`.slice(0, 192))).code).toBe('ERR_SECRET_NOT_FOUND');
      },
    ),
  ),
  clause('the name .. is passed on unchanged, or a 404 if the server resolves it', {}, async ({ app, kms }) => {
    kms.put('..', 'v1', { value: 's3cret-special' });

    // Node's URL class resolves `..` even when it is escaped. A framework that parses paths with it never sees the name.
    const responses = [await app.read('..'), await app.refresh('..')];

    const isPassedOn = kms.requests.length > 0;
    const status = isPassedOn ? 200 : 404;
    expect(responses).toMatchObject([{ status }, { status }]);
    expect(kms.requests.map((request) => request.name)).toEqual(isPassedOn ? ['..', '..'] : []);
  }),
  clause('concurrent reads of one secret share one request to KMS', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');

    const responses = await Promise.all(Array.from({ length: 100 }, () => app.read('db')));

    expect(responses.filter(({ status, versionId }) => status === 200 && versionId === 'v1')).toHaveLength(100);
    expect(kms.requests).toHaveLength(1);
  }),
  clause('a refresh returns the new version, and later reads do too', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');
    await app.read('db');
    kms.put('db', 'v2', { value: 's3cret-two' });

    const responses = [await app.refresh('db'), await app.read('db')];

    const expected = { status: 200, versionId: 'v2', stale: false, sha256: sha256('s3cret-two') };
    expect(responses).toEqual([expected, expected]);
  }),
  clause('a failed refresh is an error even if a value is cached', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');
    await app.read('db');
    kms.fail('unavailable');

    expect(await app.refresh('db')).toEqual(errorResponse('ERR_SECRET_UNAVAILABLE'));
    expect(await app.read('db')).toMatchObject({ status: 200, versionId: 'v1' });
  }),
  clause('a GET of the refresh route does not refresh', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');

    const { status } = await app.request('GET', '/secrets/db/refresh');

    expect(status).toBeGreaterThanOrEqual(400);
    expect(kms.requests).toHaveLength(0);
  }),
  ...(
    [
      ['notFound', 'ERR_SECRET_NOT_FOUND', undefined],
      ['denied', 'ERR_ACCESS_DENIED', undefined],
      ['disabled', 'ERR_SECRET_DISABLED', undefined],
      ['rejected', 'ERR_REQUEST_REJECTED', undefined],
      // Transient: the response has a retry-after header.
      ['identity', 'ERR_IDENTITY_REJECTED', '1'],
      ['unavailable', 'ERR_SECRET_UNAVAILABLE', '1'],
      ['throttled', 'ERR_SECRET_UNAVAILABLE', '1'],
    ] as const
  ).map(([failure, code, retryAfter]) =>
    clause(`${failure} is a 503 with ${code} and nothing else`, {}, async ({ app, kms }) => {
      kms.fail(failure);

      const responses = [await app.request('GET', '/secrets/db'), await app.request('POST', '/secrets/db/refresh')];

      for (const { status, headers, text } of responses) {
        expect(status).toBe(503);
        expect(jsonFields(text)).toEqual({ code });
        expectJsonHeaders(headers);
        expect(headers['retry-after'], 'the header retry-after').toBe(retryAfter);
      }
    }),
  ),
  clause('an unsupported method is rejected and changes nothing', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');
    await app.read('db');
    kms.put('db', 'v2');

    const responses = await Promise.all(
      ['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => app.request(method, '/secrets/db')),
    );

    for (const { status } of responses) expect([404, 405]).toContain(status);
    expect(kms.requests).toHaveLength(1);
    expect(await app.read('db')).toMatchObject({ status: 200, versionId: 'v1' });
  }),
  clause('a path that cannot be decoded is a 400', {}, async ({ app, kms }) => {
    const responses = [await app.request('GET', '/secrets/%E0%A4%A'), await app.request('GET', '/secrets/%')];

    for (const { status, text } of responses) {
      expect(status).toBe(400);
      expect(/\bat \S+ \(|node_modules|file:/u.test(text), 'the response contains a stack trace').toBe(false);
    }
    expect(kms.requests).toHaveLength(0);
  }),
  clause('a name that is too long is rejected without a request to KMS', {}, async ({ app, kms }) => {
    expect(await app.read('x'.repeat(193))).toEqual(errorResponse('ERR_REQUEST_REJECTED'));
    expect(kms.requests).toHaveLength(0);
  }),
  clause('any other path is a 404', {}, async ({ app }) => {
    const paths = ['/', '/secrets', '/secrets/', '/secrets/a/b'];
    const responses = await Promise.all(paths.map((path) => app.request('GET', path)));

    expect(responses.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  }),
];
