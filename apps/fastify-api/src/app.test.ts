import { FakeTransport } from '@kms-secrets/testing';
import { createSecretClient } from '@kms-secrets/fastify';
import type { SecretClient } from '@kms-secrets/fastify';
import { expect, test } from 'vitest';
import { startService } from './service.ts';

// What the five routes answer is the adapter contract's affair: test/conformance.

function setup(): { kms: FakeTransport; client: SecretClient } {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  kms.put('key', 'v1');
  return { kms, client: createSecretClient({ endpoints: [kms], preload: ['db'] }) };
}

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
