import { createHash } from 'node:crypto';
import { FakeTransport } from '@kms-secrets/testing';
import { createSecretClient } from '@kms-secrets/express';
import type { SecretClient } from '@kms-secrets/express';
import { expect, test } from 'vitest';
import { startService } from './service.ts';

const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');

function setup(): { kms: FakeTransport; client: SecretClient } {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  kms.put('prod/db..!', 'v1');
  kms.put('key', 'v1', { dataType: 'binary', value: 's3cret-bytes' });
  return { kms, client: createSecretClient({ endpoints: [kms], preload: ['db'] }) };
}

/** Starts the service, sends the requests, such as `GET /ready`, and stops it. */
async function send(
  client: SecretClient,
  ...requests: readonly string[]
): Promise<readonly (readonly [number, unknown])[]> {
  const service = await startService(client, { port: 0, host: '127.0.0.1' });
  const responses: (readonly [number, unknown])[] = [];
  for (const request of requests) {
    const [method = '', path = ''] = request.split(' ');
    const response = await fetch(`${service.url}${path}`, { method });
    const text = await response.text();
    expect(text.includes('s3cret-')).toBe(false);
    expect(response.headers.get('cache-control')).toBe('no-store');
    responses.push([response.status, JSON.parse(text)]);
  }
  await service.stop();
  return responses;
}

test('responds with name, version and hash, for any name that a path can hold', async () => {
  const { client } = setup();

  const responses = await send(client, 'GET /secrets/db', 'GET /secrets/prod%2Fdb..!', 'GET /secrets/key');

  expect(responses).toEqual([
    [200, { name: 'db', versionId: 'v1', stale: false, sha256: sha256('s3cret-db-v1') }],
    [200, { name: 'prod/db..!', versionId: 'v1', stale: false, sha256: sha256('s3cret-prod/db..!-v1') }],
    [200, { name: 'key', versionId: 'v1', stale: false, sha256: sha256('s3cret-bytes') }],
  ]);
});

test('a refresh fetches the current version', async () => {
  const { client, kms } = setup();
  await client.get('db');
  kms.put('db', 'v2');

  const responses = await send(client, 'GET /secrets/db', 'POST /secrets/db/refresh', 'GET /secrets/db');

  expect(responses).toMatchObject([
    [200, { versionId: 'v1' }],
    [200, { versionId: 'v2', sha256: sha256('s3cret-db-v2') }],
    [200, { versionId: 'v2' }],
  ]);
});

test.each([
  ['GET /secrets/other', 503, 'ERR_ACCESS_DENIED'],
  ['POST /secrets/other/refresh', 503, 'ERR_ACCESS_DENIED'],
  ['GET /secrets/typo', 503, 'ERR_SECRET_NOT_FOUND'],
  [`GET /secrets/${'x'.repeat(200)}`, 503, 'ERR_REQUEST_REJECTED'],
  ['GET /secrets/%zz', 400, 'ERR_BAD_REQUEST'],
  ['GET /secrets', 404, 'ERR_NO_ROUTE'],
])('responds to %s with %i and a code alone', async (request, status, code) => {
  const { client, kms } = setup();
  kms.fail('denied', 'other');

  expect(await send(client, request)).toEqual([[status, { code }]]);
});

test('responds to probes and stats', async () => {
  const { client } = setup();

  const responses = await send(client, 'GET /secrets/db', 'GET /ready', 'GET /health', 'GET /stats');

  expect(responses.slice(1)).toMatchObject([
    [200, { isReady: true }],
    [200, { status: 'ok', counts: { fresh: 1, stale: 0, expired: 0, failing: 0 } }],
    [200, { secrets: 1, fetches: 1 }],
  ]);
});

test('responds to a scrape of Prometheus', async () => {
  const { client } = setup();
  const service = await startService(client, { port: 0, host: '127.0.0.1' });
  await fetch(`${service.url}/secrets/db`);
  const response = await fetch(`${service.url}/metrics`);
  const text = await response.text();
  await service.stop();

  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(text).toContain('\nkms_secrets_fresh 1\n');
  expect(text).not.toContain('s3cret-');
});
