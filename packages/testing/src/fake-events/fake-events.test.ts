import { verify, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeKms } from '../fake-kms/index.ts';
import type { FakeKms } from '../fake-kms/index.ts';
import { startFakeEvents } from './index.ts';
import type { FakeEvents } from './index.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Setup {
  readonly kms: FakeKms;
  readonly events: FakeEvents;
  /** The origin of a server that records what it receives. */
  readonly origin: string;
  readonly received: Received[];
}

async function setUp(): Promise<Setup> {
  const kms = await startFakeKms();
  const events = await startFakeEvents(kms);
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(request.url === '/fail' ? 500 : 204).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    await events.close();
    server.close();
    server.closeAllConnections();
    await kms.close();
  });
  kms.put('db', 's3cret-1');
  return { kms, events, received, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('signs the documented text with the key of its certificate', async () => {
  const { kms, events, origin, received } = await setUp();
  const url = `${origin}/hooks/kms?a=1`;
  events.sendTo({ eventBridge: url, token: 'token-of-the-target' });

  kms.rotate('db');
  await events.settled();

  const headers = received[0]?.headers ?? {};
  const body = received[0]?.body;
  const names = ['timestamp', 'version', 'url', 'token'].map((name) => `x-eventbridge-signature-${name}`);
  names.splice(1, 0, 'x-eventbridge-hash-method');
  const signed = [url, ...names.map((name) => `${name}: ${String(headers[name])}`), body].join('\n');
  const pem = await (await fetch(String(headers['x-eventbridge-signature-url']))).text();
  const signature = Buffer.from(String(headers['x-eventbridge-signature-v2']), 'base64');
  expect(verify('sha256', Buffer.from(signed), new X509Certificate(pem).publicKey, signature)).toBe(true);
  expect(headers['x-eventbridge-signature-url']).toMatch(new RegExp(`^${events.certificateOrigin}/`, 'u'));
  expect((await fetch(`${events.certificateOrigin}/other`)).status).toBe(404);
});

test('sends an event for put, rotate, and a rotation that fails', async () => {
  const { kms, events, origin, received } = await setUp();
  events.sendTo({ eventBridge: `${origin}/events` });
  kms.put('db', 's3cret-2');
  kms.rotate('db');
  await kms.rotateManaged('db');
  kms.onRotate('db', () => Promise.reject(new Error('database down')));
  await expect(kms.rotateManaged('db')).rejects.toThrow('database down');
  await expect(kms.rotateManaged('unknown')).rejects.toThrow('no secret');
  kms.put('new', 's3cret-new');
  await events.settled();

  const bodies = received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  expect(bodies.map(({ type }) => String(type)).toSorted()).toEqual([
    'kms:ActionTrail:ApiCall',
    'kms:CloudMonitor:Secret[RotateSecret:Failure]',
    'kms:CloudMonitor:Secret[RotateSecret:Success]',
    'kms:CloudMonitor:Secret[RotateSecret:Success]',
  ]);
  const common = { specversion: '1.0', aliyunaccountid: '1234567890123456', aliyunregionid: 'cn-hangzhou' };
  for (const body of bodies) expect(body).toMatchObject(common);
  expect(received.map(({ body }) => body).join('\n')).not.toContain('s3cret-');
});

test('CloudMonitor sends rotations alone, without a signature', async () => {
  const { kms, events, origin, received } = await setUp();
  const stop = events.sendTo({ cloudMonitor: `${origin}/callback` });
  kms.put('db', 's3cret-2');
  kms.rotate('db');
  stop();
  kms.rotate('db');
  await events.settled();

  expect(received.map(({ path }) => path)).toEqual(['/callback']);
  expect(received[0]?.headers['x-eventbridge-signature-v2']).toBeUndefined();
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
    product: 'KMS',
    name: 'Secret:RotateSecret:Success',
    resourceId: 'acs:kms:cn-hangzhou:1234567890123456:secret/db',
    content: { secretName: 'db' },
  });
});

test('records each delivery, also one that fails', async () => {
  const { kms, events, origin } = await setUp();
  events.sendTo({ eventBridge: `${origin}/fail` });
  events.sendTo({ eventBridge: 'http://127.0.0.1:1/' });
  kms.rotate('db');
  await events.settled();

  expect(new Set(events.deliveries.map(({ status }) => status))).toEqual(new Set([500, undefined]));
});

test('sends nothing after it is closed', async () => {
  const { kms, events, origin, received } = await setUp();
  events.sendTo({ eventBridge: `${origin}/events` });
  await events.close();
  kms.rotate('db');

  expect(received).toEqual([]);
  expect(events.deliveries).toEqual([]);
});

test('refuses a listener of changes that is no function', async () => {
  const { kms } = await setUp();

  expect(() => kms.onChange('log' as never)).toThrow('expected a function');
});
