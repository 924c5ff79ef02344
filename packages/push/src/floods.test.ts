import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { nodeHandler } from './node-handler.ts';
import {
  cloudEventText,
  deliver,
  incoming,
  publicPem,
  serving,
  setUpWebhook,
  signedRequest,
  token,
  url,
  withHeader,
} from './webhook.fixture.ts';
import type { IncomingEvent } from './webhook-receiver.ts';

/** A callback of CloudMonitor: it costs a test no signature. */
const path = new Request(`${url}/${token}`, { method: 'POST' });
const callback = (options = {}): IncomingEvent => incoming(path, cloudEventText(options));

test('ten thousand events cause one refresh a second', async () => {
  const fixture = await setUpWebhook({ cloudMonitor: { token } });
  const { clock, kms, webhook } = fixture;
  const before = kms.requests.length;
  for (let second = 0; second < 10; second += 1) {
    for (let sent = 0; sent < 1_000; sent += 1) await webhook.receive(callback());
    await clock.pass('1s');
  }
  await clock.pass('10s');

  expect(webhook.stats()).toMatchObject({ events: { refreshed: 10_000 }, rejected: 0 });
  const refreshes = kms.requests.length - before;
  expect(refreshes).toBeGreaterThan(5);
  expect(refreshes).toBeLessThanOrEqual(12);
  expect(fixture.lines).toHaveLength(1);
  expect(clock.pendingTimers).toBeLessThan(5); // those of the client
});

test('forged signatures send no request, and only a thousand a second are verified', async () => {
  const fixture = await setUpWebhook();
  const { clock, kms, webhook } = fixture;
  const genuine = signedRequest({ at: clock.date() });
  const forged = withHeader(genuine, 'x-eventbridge-signature-v2', `${'A'.repeat(342)}==`);

  const statuses = new Map<number, number>();
  for (let index = 0; index < 10_000; index += 1) {
    const { status } = await webhook.receive(incoming(forged, cloudEventText()));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  expect(statuses.get(401)).toBe(1_000);
  expect(statuses.get(503)).toBe(9_000);
  expect([kms.requests.length, fixture.loaded.length, fixture.lines.length]).toEqual([2, 1, 1]);
  await clock.pass('1s');
  expect(await deliver(fixture, signedRequest({ at: clock.date() }))).toBe(204);
});

test('with a token, forged requests do not use up the limit', async () => {
  const fixture = await setUpWebhook({ eventBridge: { token } });
  const forged = signedRequest({ at: fixture.clock.date(), token: 'wrong' });
  for (let index = 0; index < 1_500; index += 1) await fixture.webhook.receive(incoming(forged, cloudEventText()));

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), token }))).toBe(204);
});

test('requests for many certificates load five, and those of the past stay', async () => {
  const fixture = await setUpWebhook();
  const { clock, loaded } = fixture;
  const base = 'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com';
  const send = (name: string): Promise<number> =>
    deliver(fixture, signedRequest({ at: clock.date(), certificate: `${base}/${name}.pem` }));

  for (let index = 0; index < 20; index += 1) await send(`c${index}`);

  expect(loaded).toHaveLength(5);
  expect(await send('c0')).toBe(204);
  expect(await send('c7')).toBe(503);
  await clock.pass('5s');
  expect(await send('c7')).toBe(204);
});

test('loads a certificate once for concurrent events, and again after an hour', async () => {
  const fixture = await setUpWebhook();
  const { clock, webhook, loaded } = fixture;
  const send = (): Promise<unknown> => webhook(signedRequest({ at: clock.date() }));

  await Promise.all([send(), send(), send()]);
  await clock.pass('59m');
  await send();
  expect(loaded).toHaveLength(1);
  await clock.pass('2m');
  await send();

  expect(loaded).toHaveLength(2);
});

test('uses a certificate for a day while it cannot be loaded again', async () => {
  let isDown = false;
  const serve = serving(publicPem);
  const fixture = await setUpWebhook({
    fetch: (requested, options) => (isDown ? Promise.reject(new Error('down')) : serve(requested, options)),
  });
  const send = (): Promise<number> => deliver(fixture, signedRequest({ at: fixture.clock.date() }));
  await send();
  isDown = true;

  await fixture.clock.pass('23h');
  expect(await send()).toBe(204);
  await fixture.clock.pass('2h');
  expect(await send()).toBe(503);
});

test('reads at most 128 KiB of a body', async () => {
  const fixture = await setUpWebhook();
  let sent = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1;
      controller.enqueue(new Uint8Array(65_536));
      if (sent === 160) controller.close(); // 10 MB
    },
    cancel() {
      isCancelled = true;
    },
  });
  const { headers } = signedRequest({ at: fixture.clock.date() });

  const response = await fixture.webhook(new Request(url, { method: 'POST', headers, body, duplex: 'half' }));

  expect([response.status, response.headers.get('connection'), isCancelled]).toEqual([413, 'close', true]);
  expect(sent).toBeLessThan(6);
});

test('responds to a body of Node that is too large, and leaves its socket open for that', async () => {
  const fixture = await setUpWebhook();
  const { headers } = signedRequest({ at: fixture.clock.date() });
  const stream = Readable.from([Buffer.alloc(100_000), Buffer.alloc(100_000), Buffer.alloc(100_000)]);
  const request = Object.assign(stream, { method: 'POST', url: '/hooks/kms', headers: Object.fromEntries(headers) });
  const sent: string[] = [];
  const response = { statusCode: 0, setHeader: (name: string) => sent.push(name), end: () => {} };

  await nodeHandler(fixture.webhook)(request, response);

  expect([response.statusCode, sent, stream.destroyed]).toEqual([413, ['connection'], false]);
});

test('a content-length of 10 MB is rejected before the body', async () => {
  const fixture = await setUpWebhook();
  const request = withHeader(signedRequest({ at: fixture.clock.date() }), 'content-length', String(10 * 1024 * 1024));

  expect(await deliver(fixture, request)).toBe(413);
  expect(request.bodyUsed).toBe(false);
});

test('closes the connection of a rejected request without a length', async () => {
  const fixture = await setUpWebhook();
  const send = async (headers: Record<string, string>): Promise<string | null> =>
    (await fixture.webhook(new Request(url, { method: 'POST', headers }))).headers.get('connection');

  expect(await send({})).toBe('close');
  expect(await send({ 'content-length': '10' })).toBe(null);
});

test('closes the connection of a request whose body is not read', async () => {
  const { client, webhook } = await setUpWebhook();
  const send = async (method: string, headers: Record<string, string>): Promise<readonly unknown[]> => {
    const { status, headers: answered } = await webhook(new Request(url, { method, headers }));
    return [status, answered.get('connection')];
  };
  const chunked = { 'transfer-encoding': 'chunked' };

  expect(await send('PUT', chunked)).toEqual([405, 'close']);
  expect(await send('GET', {})).toEqual([405, null]);
  await client.close();
  expect(await send('POST', chunked)).toEqual([503, 'close']);
});

test('sends nothing if the server has responded in the meantime', async () => {
  const fixture = await setUpWebhook();
  const request = Object.assign(Readable.from([]), { method: 'PUT', url: '/hooks/kms', headers: {} });
  const failing = (): never => {
    throw new Error('ERR_HTTP_HEADERS_SENT');
  };
  const response = { statusCode: 200, headersSent: true, setHeader: failing, end: failing };

  await nodeHandler(fixture.webhook)(request, response);

  expect(response.statusCode).toBe(200);
});

test('a slow body is no longer read after the response', async () => {
  const fixture = await setUpWebhook();
  let isCancelled = false;
  let body: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => void (body = controller),
    cancel: () => void (isCancelled = true),
  });
  const { headers } = signedRequest({ at: fixture.clock.date() });
  const response = fixture.webhook(new Request(url, { method: 'POST', headers, body: stream, duplex: 'half' }));
  await fixture.clock.pass('10s');
  expect((await response).status).toBe(408);

  body?.enqueue(new Uint8Array(1));
  await fixture.clock.pass(0);

  expect(isCancelled).toBe(true);
});

test('ends the wait for a fetch that ignores its signal', async () => {
  const fixture = await setUpWebhook({ fetch: () => new Promise(() => {}) });
  const status = deliver(fixture, signedRequest({ at: fixture.clock.date() }));
  await fixture.clock.pass('5s');

  expect(await status).toBe(503);
});

test('ends the wait for a slow body, and reads at most a hundred at the same time', async () => {
  const fixture = await setUpWebhook();
  const { clock, webhook } = fixture;
  const { headers } = signedRequest({ at: clock.date() });
  const hanging = (): Request =>
    new Request(url, { method: 'POST', headers, body: new ReadableStream(), duplex: 'half' });
  const waiting = Array.from({ length: 100 }, () => webhook(hanging()));

  expect((await webhook(hanging())).status).toBe(503);
  await clock.pass('10s');

  expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([408]));
  expect(await deliver(fixture, signedRequest({ at: clock.date() }))).toBe(204);
});

test('an event during a refresh is not lost', async () => {
  const fixture = await setUpWebhook();
  const { clock, kms, client } = fixture;
  kms.put('db', 'v2');
  await deliver(fixture, signedRequest({ at: clock.date() }));
  await clock.pass(100);
  kms.put('db', 'v3');
  await deliver(fixture, signedRequest({ at: clock.date() }));
  expect(client.peek('db')?.versionId).toBe('v2');

  await clock.pass('1s');

  expect(client.peek('db')?.versionId).toBe('v3');
});

test('an event that arrives before the version is repeated once', async () => {
  const fixture = await setUpWebhook();
  const { clock, kms, client } = fixture;
  await deliver(fixture, signedRequest({ at: clock.date() }));
  kms.put('db', 'v2');
  await clock.pass('2s');

  expect(client.peek('db')?.versionId).toBe('v2');
  const requests = kms.requests.length;
  await clock.pass('30s');
  expect(kms.requests).toHaveLength(requests);
});

test('two events with the same version send two requests in total', async () => {
  const fixture = await setUpWebhook();
  const { clock, kms } = fixture;
  await deliver(fixture, signedRequest({ at: clock.date() }));
  await deliver(fixture, signedRequest({ at: clock.date() }));
  await clock.pass('30s');

  expect(kms.requests.length - 2).toBeLessThanOrEqual(3);
});

test('a refresh that fails affects nothing else', async () => {
  const fixture = await setUpWebhook();
  const { clock, kms, client } = fixture;
  kms.fail('unreachable');
  expect(await deliver(fixture, signedRequest({ at: clock.date() }))).toBe(204);
  await clock.pass('3m');
  kms.heal();
  kms.put('db', 'v2');
  await deliver(fixture, signedRequest({ at: clock.date() }));
  await clock.pass('2m');

  expect(client.peek('db')?.versionId).toBe('v2');
});

test('a body that a parser has read is a mistake of the program', async () => {
  const fixture = await setUpWebhook();
  const { headers } = signedRequest({ at: fixture.clock.date() });
  const response = { statusCode: 0, headers: {}, setHeader: () => {}, end: () => {} };
  const request = {
    method: 'POST',
    url: '/hooks/kms',
    headers: Object.fromEntries(headers),
    readableDidRead: true,
    body: {},
  };

  await nodeHandler(fixture.webhook)(request, response);

  expect(response.statusCode).toBe(500);
  expect(fixture.lines).toEqual([expect.stringContaining('before express.json()')]);
});

test('events about unknown secrets cost neither a request nor a line', async () => {
  const fixture = await setUpWebhook({ cloudMonitor: { token } });
  for (let index = 0; index < 1_000; index += 1) {
    await fixture.webhook.receive(callback({ name: `name-${index}` }));
  }

  expect(fixture.webhook.stats().events.unknownSecret).toBe(1_000);
  expect(fixture.lines).toEqual([]);
  expect(fixture.kms.requests).toHaveLength(2);
});

test('fifty secrets that rotate at the same time add one listener to the client', async () => {
  const fixture = await setUpWebhook({ cloudMonitor: { token } });
  const { kms, client, clock, webhook } = fixture;
  const names = Array.from({ length: 50 }, (_, index) => `name-${index}`);
  for (const name of names) kms.put(name, 'v1');
  await client.getMany(names);
  const warnings: string[] = [];
  const record = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', record);
  onTestFinished(() => void process.off('warning', record));
  for (const name of names) await webhook.receive(callback({ name }));
  await clock.pass('5s');

  expect(webhook.stats().events.refreshed).toBe(50);
  expect(warnings).toEqual([]);
});
