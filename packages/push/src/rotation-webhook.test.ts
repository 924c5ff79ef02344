import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  account,
  certificateUrl,
  cloudEventText,
  deliver,
  region,
  serving,
  setUpWebhook,
  signedRequest,
  token,
  url,
  withHeader,
} from './webhook.fixture.ts';

test('an event of EventBridge brings the new version', async () => {
  const fixture = await setUpWebhook();
  const { clock, kms, client, webhook, loaded } = fixture;
  kms.put('db', 'v2');

  expect(await deliver(fixture, signedRequest({ at: clock.date() }))).toBe(204);

  expect(client.peek('db')?.versionId).toBe('v2');
  expect(client.peek('cache')?.versionId).toBe('v1');
  expect(loaded).toEqual([certificateUrl]);
  expect(webhook.stats()).toMatchObject({ events: { refreshed: 1 }, rejected: 0 });
});

test.each([
  ['an empty line before the body', { separator: '\n\n' }],
  ['the header of the first version', { method: ['x-eventbridge-signature-method', 'RSA-SHA256'] as const }],
  ['the token of the target', { token }],
])('accepts a signature with %s', async (_what, options) => {
  const fixture = await setUpWebhook();

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), ...options }))).toBe(204);
});

test.each([
  ['x-eventbridge-signature-timestamp', '1767323045001'],
  ['x-eventbridge-hash-method', 'SHA1'],
  ['x-eventbridge-signature-version', '2.0'],
  ['x-eventbridge-signature-url', certificateUrl.replace('.pem', '_2.pem')],
  ['x-eventbridge-signature-token', `${token}0`],
  ['x-eventbridge-signature-v2', 'A'.repeat(344)],
  ['x-eventbridge-signature-v2', 'short'],
])('rejects a request with another or no %s', async (name, value) => {
  const fixture = await setUpWebhook();
  const request = (): Request => signedRequest({ at: fixture.clock.date(), token });

  expect(await deliver(fixture, withHeader(request(), name, value))).toBe(401);
  expect(await deliver(fixture, withHeader(request(), name, undefined))).toBe(401);

  expect(fixture.kms.requests).toHaveLength(2); // the first reads
  expect(fixture.webhook.stats().rejected).toBe(2);
});

test.each([
  ['x-eventbridge-signature-timestamp', '1767323045', 'missing or malformed'],
  ['x-eventbridge-signature-timestamp', '1767322045000', 'signed more than 60 s ago'],
  ['x-eventbridge-signature-version', 'one zero', 'missing or malformed'],
  ['x-eventbridge-hash-method', 'MD5', 'missing or malformed'],
  ['x-eventbridge-signature-v2', 'short', 'missing or malformed'],
  ['x-eventbridge-signature-url', 'https://evil.com/c.pem', 'not from EventBridge in one of the option regions'],
  ['x-eventbridge-signature-v2', 'A'.repeat(344), 'does not match'],
])('logs why %s: %s is rejected', async (name, value, reason) => {
  const fixture = await setUpWebhook();

  await deliver(fixture, withHeader(signedRequest({ at: fixture.clock.date() }), name, value));

  expect(fixture.lines).toEqual([expect.stringContaining(reason)]);
});

test('rejects another body', async () => {
  const fixture = await setUpWebhook();
  const { headers } = signedRequest({ at: fixture.clock.date(), body: cloudEventText({ name: 'cache' }) });

  const forged = new Request(url, { method: 'POST', headers, body: cloudEventText() });

  expect(await deliver(fixture, forged)).toBe(401);
});

test('rejects the signature of another key', async () => {
  const fixture = await setUpWebhook();
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), key }))).toBe(401);
});

test.each([
  ['another path', `${url}/other`],
  ['another host', 'https://other.example.com/hooks/kms'],
  ['another scheme', url.replace('https', 'http')],
  ['a query', `${url}?a=1`],
])('rejects an event that was signed for %s', async (_what, signedUrl) => {
  const fixture = await setUpWebhook();

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), signedUrl }))).toBe(401);
});

test('accepts events for each of several URLs', async () => {
  const second = 'https://second.example.com/hooks';
  const fixture = await setUpWebhook({ eventBridge: { url: [url, second] } });

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), signedUrl: second }))).toBe(204);
});

test.each([60_000, -60_000])('accepts a signature whose date differs by %i ms, and none beyond', async (difference) => {
  const fixture = await setUpWebhook();
  const at = fixture.clock.date() + difference;

  expect(await deliver(fixture, signedRequest({ at }))).toBe(204);
  expect(await deliver(fixture, signedRequest({ at: at + Math.sign(difference) }))).toBe(401);
});

test('a replayed event has no effect', async () => {
  const fixture = await setUpWebhook();
  const { clock, kms, webhook } = fixture;
  const body = cloudEventText();
  const at = clock.date();
  await deliver(fixture, signedRequest({ at, body }));
  await clock.pass('10s');
  const requests = kms.requests.length;

  expect(await deliver(fixture, signedRequest({ at, body }))).toBe(204);
  await clock.pass('10s');
  expect(await deliver(fixture, signedRequest({ at: clock.date(), body }))).toBe(204);

  expect(kms.requests).toHaveLength(requests);
  expect(webhook.stats().events.duplicate).toBe(2);
});

test.each([
  'http://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/c.pem',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com.evil.com/c.pem',
  'https://evil.com/cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/c.pem',
  'https://evil-cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/c.pem',
  'https://evil-eventbridge.oss-accelerate.aliyuncs.com/c.pem',
  'https://cn-shanghai-eventbridge.oss-accelerate.aliyuncs.com/c.pem',
  'https://user@cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/c.pem',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com@evil.com/c.pem',
  String.raw`https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com\@evil.com/c.pem`,
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com:8443/c.pem',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com:443/c.pem',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com./c.pem',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/c.pem?x=1',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/c.pem#x',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/../c.pem',
  'https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/%2e%2e/c.pem',
  'HTTPS://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/c.pem',
  'https://CN-HANGZHOU-eventbridge.oss-accelerate.aliyuncs.com/c.pem',
  'https://127.0.0.1/c.pem',
  'http://127.0.0.1:8080/c.pem',
  'file:///etc/passwd',
  'not a url',
  `https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/${'c'.repeat(600)}.pem`,
])('sends no request for the certificate %s', async (certificate) => {
  const fixture = await setUpWebhook();

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), certificate }))).toBe(401);

  expect(fixture.loaded).toEqual([]);
});

test('loads a certificate from a URL of at most 512 characters', async () => {
  const fixture = await setUpWebhook();
  const longest = certificateUrl.replace('x509', 'x'.repeat(512 - certificateUrl.length + 4));
  const send = (certificate: string): Promise<number> =>
    deliver(fixture, signedRequest({ at: fixture.clock.date(), certificate }));

  expect([await send(longest), await send(`${longest}x`)]).toEqual([204, 401]);
  expect(fixture.loaded).toEqual([longest]);
});

test('loads a certificate from loopback only if a test has set that origin', async () => {
  const origin = 'http://127.0.0.1:8080';
  const fixture = await setUpWebhook({ eventBridge: { testCertificateOrigin: origin } });
  const send = (certificate: string): Promise<number> =>
    deliver(fixture, signedRequest({ at: fixture.clock.date(), certificate }));

  expect(await send(`${origin}/c.pem`)).toBe(204);
  expect(await send(`${origin}1/c.pem`)).toBe(401);
  expect(await send(`${origin}@evil.com/c.pem`)).toBe(401);
  expect(fixture.loaded).toEqual([`${origin}/c.pem`]);
});

test.each([
  ['another account', { account: '6543210987654321' }],
  ['another region', { region: 'cn-shanghai' }],
])('ignores the event of %s', async (_what, options) => {
  const fixture = await setUpWebhook();
  const body = cloudEventText(options);

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), body }))).toBe(204);

  expect(fixture.kms.requests).toHaveLength(2);
  expect(fixture.webhook.stats().events.foreign).toBe(1);
});

test('an event about a secret that is not in memory sends no request', async () => {
  const fixture = await setUpWebhook();
  const body = cloudEventText({ name: 'other' });

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), body }))).toBe(204);

  expect(fixture.kms.requests).toHaveLength(2);
  expect(fixture.webhook.stats().events.unknownSecret).toBe(1);
});

test('refreshes a secret that was read by its ARN', async () => {
  const fixture = await setUpWebhook();
  const { client, clock, kms } = fixture;
  const arn = `acs:kms:${region}:${account}:secret/db`;
  kms.put(arn, 'v1');
  await client.get(arn);
  kms.put(arn, 'v2');

  await deliver(fixture, signedRequest({ at: clock.date() }));

  expect(client.peek(arn)?.versionId).toBe('v2');
});

test.each(['[]', '"text"', 'null', '{', '', cloudEventText({ id: '' }), cloudEventText({ name: '' })])(
  'responds with 400 to the signed body %s',
  async (body) => {
    const fixture = await setUpWebhook();

    expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), body }))).toBe(400);

    expect(fixture.kms.requests).toHaveLength(2);
  },
);

test.each([
  '{}',
  '{"specversion":"1.0"}',
  cloudEventText({ type: 'kms:ActionTrail:ApiCall' }),
  cloudEventText({ type: 'x' }),
])('ignores the signed body %s', async (body) => {
  const fixture = await setUpWebhook();

  expect(await deliver(fixture, signedRequest({ at: fixture.clock.date(), body }))).toBe(204);

  expect(fixture.kms.requests).toHaveLength(2);
  expect(fixture.webhook.stats().events.irrelevant).toBe(1);
});

test('checks the token of EventBridge before the body and the certificate', async () => {
  const fixture = await setUpWebhook({ eventBridge: { token: [token, `${token}0`] } });
  const at = fixture.clock.date();
  const forged = withHeader(signedRequest({ at }), 'x-eventbridge-signature-token', 'wrong');

  expect(await deliver(fixture, forged)).toBe(401);
  expect(forged.bodyUsed).toBe(false);
  expect(fixture.loaded).toEqual([]);
  expect(await deliver(fixture, signedRequest({ at, token }))).toBe(204);
  expect(await deliver(fixture, signedRequest({ at, token: `${token}0` }))).toBe(204);
});

test('responds with 503 while the certificate cannot be loaded, and logs no URL', async () => {
  let isDown = true;
  const fixture = await setUpWebhook({
    fetch: async (requested, options) => {
      if (isDown)
        throw new TypeError(`fetch failed: ${requested}`, {
          cause: { code: 'ECONNREFUSED', name: 'Error', message: '' },
        });
      return serving('')(requested, options);
    },
  });
  const request = (): Request => signedRequest({ at: fixture.clock.date() });

  const response = await fixture.webhook(request());
  isDown = false;

  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await deliver(fixture, request())).toBe(503); // an empty certificate
  expect(fixture.lines.join('\n')).toContain('ECONNREFUSED');
  expect(fixture.lines.join('\n')).not.toContain('aliyuncs.com');
});

test('logs which setting may be wrong, once a minute', async () => {
  const fixture = await setUpWebhook();
  const send = (): Promise<number> =>
    deliver(fixture, signedRequest({ at: fixture.clock.date(), signedUrl: 'https://other.example.com/' }));
  await send();
  await send();
  await send();
  await fixture.clock.pass('1m');
  await send();

  expect(fixture.lines).toEqual([
    expect.stringContaining('eventBridge.url is exactly the URL of the target'),
    expect.stringMatching(/eventBridge\.url .* 2 more since the last line\.$/u),
  ]);
});

test('counts from zero', async () => {
  const { webhook } = await setUpWebhook();

  const { events, rejected } = webhook.stats();

  expect([...Object.values(events), rejected]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});

test('accepts only POST, and nothing after the client is closed', async () => {
  const fixture = await setUpWebhook();
  const response = await fixture.webhook(new Request(url));

  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  await fixture.client.close();
  expect((await fixture.webhook(signedRequest({ at: fixture.clock.date() }))).status).toBe(503);
});
