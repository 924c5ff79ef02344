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

/** Runs the service, asks it, and stops it. */
async function ask(
  client: SecretClient,
  ...questions: readonly string[]
): Promise<readonly (readonly [number, unknown])[]> {
  const service = await startService(client, { port: 0, host: '127.0.0.1' });
  const answers: (readonly [number, unknown])[] = [];
  for (const question of questions) {
    const [method = '', path = ''] = question.split(' ');
    const response = await fetch(`${service.url}${path}`, { method });
    const text = await response.text();
    expect(text.includes('s3cret-')).toBe(false);
    expect(response.headers.get('cache-control')).toBe('no-store');
    answers.push([response.status, JSON.parse(text)]);
  }
  await service.stop();
  return answers;
}

test('a secret is told by name, version and hash; its name may hold what a path may', async () => {
  const { client } = setup();

  const answers = await ask(client, 'GET /secrets/db', 'GET /secrets/prod%2Fdb..!', 'GET /secrets/key');

  expect(answers).toEqual([
    [200, { name: 'db', versionId: 'v1', stale: false, sha256: sha256('s3cret-db-v1') }],
    [200, { name: 'prod/db..!', versionId: 'v1', stale: false, sha256: sha256('s3cret-prod/db..!-v1') }],
    [200, { name: 'key', versionId: 'v1', stale: false, sha256: sha256('s3cret-bytes') }],
  ]);
});

test('a refresh brings what KMS has now', async () => {
  const { client, kms } = setup();
  await client.get('db');
  kms.put('db', 'v2');

  const answers = await ask(client, 'GET /secrets/db', 'POST /secrets/db/refresh', 'GET /secrets/db');

  expect(answers).toMatchObject([
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
])('%s is answered with %i and a code alone', async (question, status, code) => {
  const { client, kms } = setup();
  kms.fail('denied', 'other');

  expect(await ask(client, question)).toEqual([[status, { code }]]);
});

test('probes and figures are answered', async () => {
  const { client } = setup();

  const answers = await ask(client, 'GET /secrets/db', 'GET /ready', 'GET /health', 'GET /stats');

  expect(answers.slice(1)).toMatchObject([
    [200, { isReady: true }],
    [200, { status: 'ok', secrets: [{ name: 'db', versionId: 'v1' }] }],
    [200, { secrets: 1, fetches: 1 }],
  ]);
});

test('a service without its secrets does not start', async () => {
  const { client, kms } = setup();
  kms.fail('denied');

  await expect(startService(client, { port: 0, host: '127.0.0.1' })).rejects.toThrow(
    /1 of \d+ secrets? could not be (?:read|preloaded):[^]*db/,
  );
});

test('stopping lets requests end that are being answered, and closes the client', async () => {
  const { client, kms } = setup();
  const service = await startService(client, { port: 0, host: '127.0.0.1' });
  const { isAsked, answerNow } = heldBack(kms);

  const answer = fetch(`${service.url}/secrets/key`);
  await isAsked;
  const stopped = service.stop();
  answerNow();

  expect((await answer).status).toBe(200);
  await stopped;
  expect(client.describe().isClosed).toBe(true);
  await expect(fetch(`${service.url}/ready`)).rejects.toThrow('fetch failed');
});

test('a request that waits for KMS for too long is answered with an error, and stopping goes on', async () => {
  const { client, kms } = setup();
  const service = await startService(client, { port: 0, host: '127.0.0.1', patience: 10 });
  const { isAsked } = heldBack(kms);

  const answer = fetch(`${service.url}/secrets/key`);
  await isAsked;
  await service.stop();

  expect([(await answer).status, await (await answer).json()]).toEqual([503, { code: 'ERR_CLIENT_CLOSED' }]);
});

/** From now on KMS answers only when it is told to. */
function heldBack(kms: FakeTransport): { isAsked: Promise<void>; answerNow: () => void } {
  let answerNow = (): void => {};
  const released = new Promise<void>((resolve) => (answerNow = resolve));
  const fetchNow = kms.fetch.bind(kms);
  const isAsked = new Promise<void>((resolve) => {
    kms.fetch = async (...asked) => {
      resolve();
      await released;
      return fetchNow(...asked);
    };
  });
  return { isAsked, answerNow: () => answerNow() };
}
