import { getEventListeners } from 'node:events';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Fetch } from './fetch.ts';
import { rotationQueue } from './rotation-queue.ts';
import type { RotationQueue } from './rotation-queue.ts';
import type { RotationQueueOptions } from './queue-options.ts';
import { cloudEventText } from './webhook.fixture.ts';

const endpoint = 'https://1234567890123456.mns.cn-hangzhou.aliyuncs.com';

type Answer = Response | Error | 'hang' | 'nothing';
interface SentRequest {
  readonly url: string;
  readonly options: Parameters<Fetch>[1];
  readonly at: number;
}

interface Setup {
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly client: SecretClient;
  readonly queue: RotationQueue;
  readonly requests: SentRequest[];
  readonly lines: string[];
  /** The next answers; after them, MNS waits. */
  readonly answers: Answer[];
}

type SetUpOptions = Partial<RotationQueueOptions> & { readonly removal?: () => Answer };

async function setUp(answers: Answer[], { removal, ...options }: SetUpOptions = {}): Promise<Setup> {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '1h', precedence: 'code-only' });
  onTestFinished(() => client.close());
  await client.get('db');
  const requests: SentRequest[] = [];
  const lines: string[] = [];
  const fetch: Fetch = async (url, given) => {
    requests.push({ url, options: given, at: clock.now() });
    const removed = removal?.() ?? new Response(null, { status: 204 });
    const answer = given.method === 'DELETE' ? removed : (answers.shift() ?? 'hang');
    if (answer instanceof Response) return answer;
    if (answer === 'nothing') return Promise.reject(null); // a fetch that rejects with no error
    if (answer !== 'hang') throw answer;
    given.signal.throwIfAborted();
    return new Promise((_resolve, reject) => {
      given.signal.addEventListener('abort', () => reject(given.signal.reason as Error));
    });
  };
  const queue = rotationQueue(client, {
    endpoint,
    queue: 'kms-rotations',
    credentials: { getCredential: async () => ({ accessKeyId: 'LTAI1', accessKeySecret: 's3cret-key' }) },
    clock,
    fetch,
    logger: { info: (text) => lines.push(`info ${text}`), warn: (text) => lines.push(`warn ${text}`), error: () => {} },
    ...options,
  });
  await clock.pass(0);
  return { clock, kms, client, queue, requests, lines, answers };
}

const xml = (name: string, fields: Readonly<Record<string, string>>, status = 200): Response =>
  new Response(
    `<?xml version="1.0"?><${name} xmlns="http://mns.aliyuncs.com/doc/v1/">${Object.entries(fields)
      .map(([key, value]) => `<${key}>${value}</${key}>`)
      .join('')}</${name}>`,
    { status },
  );
const message = (body: string, receipt = 'receipt/1+='): Response =>
  xml('Message', { MessageId: '1', ReceiptHandle: receipt, MessageBody: body });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const failure = (code: string, status = 403): Response => xml('Error', { Code: code, Message: 's3cret-text' }, status);

test.each([
  ['as base64', base64],
  ['as text', (text: string): string => text.replaceAll('"', '&quot;').replaceAll('<', '&lt;')],
  ['as CDATA', (text: string): string => `<![CDATA[${text}]]>`],
])('a message %s brings the new version, and is removed', async (_how, encode) => {
  const { kms, client, clock, requests, queue } = await setUp([message(encode(cloudEventText()))]);
  kms.put('db', 'v2');
  await clock.pass('2s');

  expect(client.peek('db')?.versionId).toBe('v2');
  expect(requests.map(({ options: { method }, url }) => `${method} ${url.slice(endpoint.length)}`).toSorted()).toEqual([
    'DELETE /queues/kms-rotations/messages?ReceiptHandle=receipt%2F1%2B%3D',
    'GET /queues/kms-rotations/messages?waitseconds=30',
    'GET /queues/kms-rotations/messages?waitseconds=30',
  ]);
  expect(queue.stats()).toMatchObject({ events: { refreshed: 1 }, failures: 0 });
});

test('signs a request as the documentation says, with the token of temporary credentials', async () => {
  // HMAC-SHA1 of the text in the documentation, computed with openssl for the key "key".
  const { requests } = await setUp([], {
    credentials: {
      getCredential: async () => ({ accessKeyId: 'STS.1', accessKeySecret: 'key', securityToken: 's3cret-token' }),
    },
  });

  expect(requests[0]?.options.headers).toMatchObject({
    'x-mns-date': 'Fri, 02 Jan 2026 03:04:05 GMT',
    'x-mns-version': '2015-06-06',
    'security-token': 's3cret-token',
    authorization: 'MNS STS.1:7VQ9XXpoMPtvD0Oo/M3/G70QYwg=',
  });
  expect(requests[0]?.options.redirect).toBe('error');
});

test.each([
  ['text', 'not json'],
  ['nothing', ''],
  ['an empty object', '{}'],
  ['a list in base64', base64('[]')],
  ['a control character', '&#xd;'],
  ['70,000 characters', 'x'.repeat(70_000)],
])('removes a message of %s', async (_what, body) => {
  const { kms, requests } = await setUp([message(body)]);

  expect(kms.requests).toHaveLength(1);
  expect(requests.map(({ options: { method } }) => String(method)).toSorted()).toEqual(['DELETE', 'GET', 'GET']);
});

test('an empty queue is polled again after the wait of MNS', async () => {
  const { clock, requests, queue, lines } = await setUp(['hang']);
  expect(requests).toHaveLength(1);

  await clock.pass('39s');
  expect(requests).toHaveLength(1);
  expect(queue.stats().failures).toBe(0);
  await clock.pass('2s'); // no response within 30 + 10 s

  expect(lines[0]).toContain('cannot be read');
});

test('an empty response without a wait is not repeated at once', async () => {
  const answers = Array.from({ length: 5 }, () => failure('MessageNotExist', 404));
  const { clock, requests, queue } = await setUp(answers);

  await clock.pass(3_500);

  expect(requests.map(({ at }) => at)).toEqual([0, 1_000, 2_000, 3_000]);
  expect(queue.stats().failures).toBe(0);
});

test('backs off while MNS fails, up to a minute, and reports the end', async () => {
  const { clock, requests, queue, lines, answers } = await setUp(
    Array.from({ length: 9 }, () => failure('InternalError', 500)),
  );
  expect(queue.stats().failures).toBe(1);
  await clock.pass('2m');

  const waits = requests.slice(1).map(({ at }, index) => at - (requests[index]?.at ?? 0));
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]); // the FakeClock draws 0.5
  answers.push(message(base64(cloudEventText())));
  await clock.pass('5s');
  expect(queue.stats()).toMatchObject({ failures: 0, events: { refreshed: 1 } });
  expect(lines.filter((line) => line.includes('HTTP 500, InternalError'))).toHaveLength(2); // once a minute
  expect(lines).toContain('info Queue "kms-rotations" can be read again.');
  expect(lines.join('\n')).not.toContain('s3cret-');
});

test.each([
  ['an unknown queue', failure('QueueNotExist', 404), 'HTTP 404, QueueNotExist. Check the options endpoint and queue.'],
  ['a missing permission', failure('AccessDenied'), 'Grant mns:ReceiveMessage and mns:DeleteMessage.'],
  ['a code that is none', failure('s3cret-code with blanks'), 'HTTP 403.'],
  ['the page of a proxy', new Response('<html>proxy', { status: 502 }), 'HTTP 502.'],
  ['other XML', new Response('<html></html>', { status: 200 }), 'something else than a message'],
  ['a long response', new Response('x'.repeat(300_000)), 'cannot be read: Error.'],
  [
    'an unknown host',
    new TypeError('fetch failed', { cause: Object.assign(new Error('s3cret-'), { code: 'ENOTFOUND' }) }),
    'ENOTFOUND.',
  ],
  ['an error without a code', new TypeError('s3cret-'), 'TypeError.'],
  ['a rejection without an error', 'nothing' as const, 'Error.'],
])('reports %s without foreign text', async (_what, answer, expected) => {
  const { lines } = await setUp([answer]);

  expect(lines).toEqual([expect.stringContaining(expected)]);
  expect(lines.join('\n')).not.toContain('s3cret-');
});

test('credentials that fail are a failure of the queue; a rejected key is discarded', async () => {
  const discarded: string[] = [];
  let isFailing = true;
  const { clock, lines } = await setUp([failure('InvalidAccessKeyId')], {
    credentials: {
      getCredential: async () => {
        if (isFailing) throw new RangeError('s3cret-');
        return { accessKeyId: 'LTAI1', accessKeySecret: 's3cret-key' };
      },
      discard: (id) => discarded.push(id) > 0,
    },
  });
  expect(lines).toEqual([expect.stringContaining('RangeError.')]);
  isFailing = false;
  await clock.pass('10s');

  expect(discarded).toEqual(['LTAI1']);
});

test.each([
  ['the client', ({ client }: Setup): Promise<void> => client.close()],
  ['the queue', ({ queue }: Setup): Promise<void> => queue.close()],
])('ends when %s is closed', async (_what, close) => {
  const setup = await setUp(['hang']);

  await close(setup);
  await setup.queue.close();
  await setup.clock.pass('10m');

  expect(setup.requests).toHaveLength(1);
  expect(setup.requests[0]?.options.signal.aborted).toBe(true);
  await setup.client.close();
  expect(setup.clock.pendingTimers).toBe(0);
});

test('ends during a backoff', async () => {
  const { clock, client, queue, requests } = await setUp([failure('InternalError', 500)]);

  await client.close();
  await queue.close();
  await clock.pass('10m');

  expect([requests.length, clock.pendingTimers]).toEqual([1, 0]);
});

test('ignores events of other accounts and regions', async () => {
  const answers = [
    message(base64(cloudEventText({ account: '6543210987654321' }))),
    message(base64(cloudEventText({ region: 'cn-shanghai' }))),
  ];
  const { kms, queue } = await setUp(answers, { accounts: ['1234567890123456'], regions: ['cn-hangzhou'] });

  expect(queue.stats().events.foreign).toBe(2);
  expect(kms.requests).toHaveLength(1);
});

test('at most eight removals are in flight, and the end of the client ends them', async () => {
  const answers = Array.from({ length: 30 }, () => message(base64(cloudEventText())));
  const { client, queue, requests } = await setUp(answers, { removal: () => 'hang' });
  const count = (method: string): number => requests.filter(({ options }) => options.method === method).length;

  expect([count('GET'), count('DELETE')]).toEqual([9, 8]);
  await client.close();
  await queue.close();
  expect([count('GET'), count('DELETE')]).toEqual([9, 8]);
});

test('reports a message that cannot be removed, and receives the next one', async () => {
  const answers = [message(base64(cloudEventText())), message(base64(cloudEventText()))];
  const { queue, lines } = await setUp(answers, { removal: () => failure('AccessDenied') });

  expect(queue.stats()).toMatchObject({ events: { refreshed: 2 }, failures: 0 });
  expect(lines.filter((line) => line.includes('cannot be removed'))).toEqual([
    expect.stringContaining('Grant mns:ReceiveMessage and mns:DeleteMessage. It will come back.'),
  ]);
});

test('the end of the queue waits for the removals in flight', async () => {
  let remove = (_response: Response): void => {};
  const removal = new Promise<Response>((resolve) => {
    remove = resolve;
  });
  const { queue } = await setUp([], {
    // The removal ignores the signal.
    fetch: (_url, { method, signal }) => (method === 'DELETE' ? removal : received(signal)),
  });
  let isClosed = false;
  const closing = queue.close().then(() => (isClosed = true));
  await new Promise((resolve) => setImmediate(resolve));

  expect(isClosed).toBe(false);
  remove(new Response(null, { status: 204 }));
  expect(await closing).toBe(true);
});

let receives = 0;

/** One message, then none. */
function received(signal: AbortSignal): Promise<Response> {
  receives += 1;
  if (receives === 1) return Promise.resolve(message(base64(cloudEventText())));
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

test.each(['getCredential', 'fetch'])('close() ends although a %s never settles', async (name) => {
  const never = (): Promise<never> => new Promise(() => {});
  const { queue, clock } = await setUp(
    [],
    name === 'fetch' ? { fetch: never } : { credentials: { getCredential: never } },
  );

  const closed = queue.close();
  await clock.pass('40s');

  expect(await closed).toBeUndefined();
});

test('retries after a getCredential that never settles', async () => {
  let calls = 0;
  const getCredential = (): Promise<never> => {
    calls += 1;
    return new Promise(() => {});
  };
  const { clock, lines } = await setUp([], { credentials: { getCredential } });
  await clock.pass('1m');

  expect(calls).toBeGreaterThan(1);
  expect(lines[0]).toContain('cannot be read');
});

test('a closed queue leaves no listener on its client', async () => {
  const { client, queue, clock } = await setUp([message(base64(cloudEventText()))]);
  const count = (): number => getEventListeners(client.closing, 'abort').length;
  await clock.pass('5s');
  await queue.close();
  const before = count();
  const fetch: Fetch = () => Promise.reject(new Error('down'));
  const credentials = { getCredential: async () => ({ accessKeyId: 'LTAI1', accessKeySecret: 's3cret-key' }) };
  await rotationQueue(client, { endpoint, queue: 'kms-rotations', credentials, clock, fetch }).close();

  expect(count()).toBe(before);
});
