import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import { nodeHandler, rotationQueue, rotationWebhook } from '@kms-secrets/push';
import type { RotationQueue, RotationQueueOptions } from '@kms-secrets/push';
import { redisStore } from '@kms-secrets/redis';
import { startFakeEvents, startFakeKms, startFakeMns } from '@kms-secrets/testing';
import type { FakeEvents, FakeKms, FakeMns, FakeQueue } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../support/redis-server.mjs';

interface Fake {
  readonly kms: FakeKms;
  readonly events: FakeEvents;
}

async function startFake(): Promise<Fake> {
  const kms = await startFakeKms();
  const events = await startFakeEvents(kms);
  onTestFinished(async () => {
    await events.close();
    await kms.close();
  });
  kms.put('db', 's3cret-1');
  return { kms, events };
}

/** A client that has `db` in memory. */
async function startClient(kms: FakeKms, options: Partial<SecretClientOptions> = {}): Promise<SecretClient> {
  const [endpoint] = kms.endpoints;
  const client = createSecretClient({
    endpoints: [{ endpoint: endpoint?.endpoint ?? '', caFilePath: kms.caFilePath }],
    credentials: { type: 'ak', ...kms.accessKey },
    ttl: '1h',
    precedence: 'code-only',
    ...options,
  });
  onTestFinished(() => client.close());
  await client.get('db');
  return client;
}

const versionOf = (client: SecretClient) => (): string | undefined => client.peek('db')?.versionId;

test('one process receives the event, and the fleet with Redis has the new version', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const { kms, events } = await startFake();
  const fleet = { stores: [redisStore({ url: redis.url, key: 'a1b2c3d4'.repeat(8) })] };
  const other = { stores: [redisStore({ url: redis.url, key: 'a1b2c3d4'.repeat(8) })] };
  const receiver = await startClient(kms, fleet);
  const listener = await startClient(kms, other);
  const url = await listen(receiver, events);
  events.sendTo({ eventBridge: url });
  kms.clearRequests();

  const versionId = kms.rotate('db', { value: 's3cret-2' });

  await expect.poll(versionOf(receiver)).toBe(versionId);
  await expect.poll(versionOf(listener)).toBe(versionId);
  expect(kms.requests).toHaveLength(1);
  await events.settled();
  expect(events.deliveries).toEqual([expect.objectContaining({ status: 204 })]);
});

/** Serves a webhook on loopback. Returns its URL. */
async function listen(client: SecretClient, events: FakeEvents): Promise<string> {
  const server = createServer((request, response) => void handle(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/kms`;
  const handle = nodeHandler(
    rotationWebhook(client, {
      accounts: ['1234567890123456'],
      regions: ['cn-hangzhou'],
      eventBridge: { url, testCertificateOrigin: events.certificateOrigin },
    }),
  );
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return url;
}

interface Polling extends Fake {
  readonly client: SecretClient;
  readonly mns: FakeMns;
  readonly messages: FakeQueue;
  readonly queue: RotationQueue;
}

/** A client that polls a queue, with its own access key. */
async function startQueue(options: Partial<RotationQueueOptions> = {}): Promise<Polling> {
  const fake = await startFake();
  const mns = await startFakeMns({ accessKey: fake.kms.accessKey });
  onTestFinished(() => mns.close());
  const messages = mns.createQueue('kms-rotations');
  const client = await startClient(fake.kms);
  const queue = rotationQueue(client, { endpoint: mns.endpoint, queue: 'kms-rotations', ...options });
  onTestFinished(() => queue.close());
  return { ...fake, client, mns, messages, queue };
}

test('a queue receives the events of put, rotate and rotateManaged', async () => {
  const { kms, events, client, messages, queue } = await startQueue();
  events.sendTo({ queue: messages });

  for (const change of [() => kms.put('db', 's3cret-2'), () => kms.rotate('db'), () => kms.rotateManaged('db')]) {
    const versionId = await change();
    await expect.poll(versionOf(client)).toBe(versionId);
  }

  await expect.poll(() => messages.size).toBe(0);
  expect(queue.stats()).toMatchObject({ events: { refreshed: 3 }, failures: 0 });
});

test('a queue reports a rotation that failed', async () => {
  const failures: string[] = [];
  const { kms, events, messages } = await startQueue({ onRotationFailed: ({ name }) => failures.push(name) });
  events.sendTo({ queue: messages });
  kms.onRotate('db', () => Promise.reject(new Error('database down')));

  await expect(kms.rotateManaged('db')).rejects.toThrow('database down');

  await expect.poll(() => failures).toEqual(['db']);
});

test('a queue survives a failure of MNS, and ends with the client', async () => {
  const { kms, client, events, mns, messages, queue } = await startQueue({ waitSeconds: 1 });
  events.sendTo({ queue: messages });
  mns.fail(500, 'InternalError');
  await expect.poll(() => queue.stats().failures).toBeGreaterThan(0);
  mns.heal();

  const versionId = kms.rotate('db');

  await expect.poll(versionOf(client)).toBe(versionId);
  await client.close();
  await queue.close();
  const { length } = mns.requests;
  messages.send('{}');
  expect(mns.requests).toHaveLength(length);
});

test('temporary credentials sign with their token', async () => {
  const accessKey = { accessKeyId: 'STS.1', accessKeySecret: 's3cret-sts', securityToken: 's3cret-token' };
  const { kms, events, client, mns, messages } = await startQueue({
    credentials: { getCredential: async () => accessKey },
  });
  mns.addAccessKey(accessKey);
  events.sendTo({ queue: messages });

  const versionId = kms.rotate('db');

  await expect.poll(versionOf(client)).toBe(versionId);
});

interface MnsSdk {
  sendMessage(queue: string, message: { readonly MessageBody: string }): Promise<{ readonly code: number }>;
  receiveMessage(queue: string, seconds: number): Promise<{ readonly body: Readonly<Record<string, string>> }>;
  deleteMessage(queue: string, receipt: string): Promise<{ readonly code: number }>;
}

/** The released SDK, which signs and parses by itself. */
const require = createRequire(import.meta.url);
const Mns = require('@alicloud/mns') as new (account: string, options: object) => MnsSdk;

test('the SDK of MNS and the queue understand each other', async () => {
  const { kms, client, events, mns, queue } = await startQueue();
  const sdk = new Mns('1234567890123456', { endpoint: mns.endpoint, ...kms.accessKey });
  const versionId = kms.rotate('db');
  const { body } = events.signed('https://shop.example.com/', { name: 'db', kind: 'rotated' });

  expect(await sdk.sendMessage('kms-rotations', { MessageBody: Buffer.from(body).toString('base64') })).toMatchObject({
    code: 201,
  });
  await expect.poll(versionOf(client)).toBe(versionId);
  expect(queue.stats().events.refreshed).toBe(1);
});

test('the fake of MNS serves the SDK, and rejects another key', async () => {
  const accessKey = { accessKeyId: 'LTAI1', accessKeySecret: 's3cret-1' };
  const mns = await startFakeMns({ accessKey, visibilityTimeout: 2_000 });
  onTestFinished(() => mns.close());
  const messages = mns.createQueue('q');
  const sdk = new Mns('1234567890123456', { endpoint: mns.endpoint, ...accessKey });
  messages.send('<a> & "b"');

  expect((await sdk.receiveMessage('q', 1)).body).toMatchObject({ MessageBody: '<a> & "b"', DequeueCount: '1' });
  const again = await sdk.receiveMessage('q', 10); // not deleted: visible again
  expect(again.body).toMatchObject({ DequeueCount: '2' });
  expect(await sdk.deleteMessage('q', again.body['ReceiptHandle'] ?? '')).toMatchObject({ code: 204 });
  await expect(sdk.receiveMessage('q', 0)).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
  await expect(sdk.receiveMessage('other', 0)).rejects.toMatchObject({ name: 'MNSQueueNotExistError' });
  const stranger = new Mns('1', { endpoint: mns.endpoint, accessKeyId: 'LTAI1', accessKeySecret: 's3cret-2' });
  await expect(stranger.receiveMessage('q', 0)).rejects.toMatchObject({ name: 'MNSSignatureDoesNotMatchError' });
});
