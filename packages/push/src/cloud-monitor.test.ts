import { expect, test } from 'vitest';
import { account, deliver, region, setUpWebhook, token, url } from './webhook.fixture.ts';

const text = ({ id = 'e1', name = 'db', isFailed = false } = {}): string =>
  JSON.stringify({
    product: 'KMS',
    name: `Secret:RotateSecret:${isFailed ? 'Failure' : 'Success'}`,
    regionId: region,
    resourceId: `acs:kms:${region}:${account}:secret/${name}`,
    content: { eventId: id, secretName: name, failureInfo: { message: 's3cret-reason' } },
  });
const post = (to: string, body: string, headers: Record<string, string> = {}): Request =>
  new Request(to, { method: 'POST', body, headers });
const setUp = (options: Parameters<typeof setUpWebhook>[0] = {}): ReturnType<typeof setUpWebhook> =>
  setUpWebhook({ cloudMonitor: { token }, ...options });

test.each([
  ['the path', `${url}/${token}`, {}],
  ['the path, before a slash and a query', `${url}/${token}/?a=1`, {}],
  ['a header', url, { authorization: `Bearer ${token}` }],
])('accepts the token in %s', async (_where, to, headers) => {
  const fixture = await setUp();
  fixture.kms.put('db', 'v2');

  expect(await deliver(fixture, post(to, text(), headers))).toBe(204);

  expect(fixture.client.peek('db')?.versionId).toBe('v2');
});

test.each([
  ['no token', url, {}],
  ['another token', `${url}/${token}0`, {}],
  ['a part of the token', `${url}/${token.slice(1)}`, {}],
  ['the token in the query', `${url}?token=${token}`, {}],
  ['the token of Basic authentication', url, { authorization: `Basic ${token}` }],
  ['a long token', `${url}/${'a'.repeat(5_000)}`, {}],
  ['another token in the header', `${url}/${token}`, { authorization: `Bearer ${token}0` }],
])('rejects %s', async (_what, to, headers) => {
  const fixture = await setUp();
  const request = post(to, text(), headers);

  expect(await deliver(fixture, request)).toBe(401);

  expect(request.bodyUsed).toBe(false);
  expect(fixture.kms.requests).toHaveLength(2);
  expect(fixture.lines.join('\n')).not.toContain(token.slice(0, 10));
});

test('without the option cloudMonitor, no token is accepted', async () => {
  const fixture = await setUpWebhook({ eventBridge: { token } });

  expect(await deliver(fixture, post(`${url}/${token}`, text()))).toBe(401);
});

test('accepts the old and the new token', async () => {
  const fixture = await setUp({ cloudMonitor: { token: [token, `${token}0`] } });

  expect(await deliver(fixture, post(`${url}/${token}`, text()))).toBe(204);
  expect(await deliver(fixture, post(`${url}/${token}0`, text({ id: 'e2' })))).toBe(204);
});

test('reports a failed rotation without the text of the event', async () => {
  const failures: unknown[] = [];
  const fixture = await setUp({ onRotationFailed: (failure) => failures.push(failure) });
  const send = (id: string, name = 'db'): Promise<number> =>
    deliver(fixture, post(`${url}/${token}`, text({ id, name, isFailed: true })));

  await send('e1');
  await send('e2');
  await send('e3', 'other');

  expect(failures).toEqual([{ name: 'db' }]);
  expect(fixture.lines).toEqual(['error KMS could not rotate secret "db". The KMS console shows the reason.']);
  expect(fixture.kms.requests).toHaveLength(2);
  expect(fixture.webhook.stats().events).toMatchObject({ rotationFailed: 2, unknownSecret: 1 });
});

test.each([
  [
    'throws',
    (): never => {
      throw new RangeError('s3cret-text');
    },
  ],
  ['rejects', (): Promise<never> => Promise.reject(new RangeError('s3cret-text'))],
])('an onRotationFailed that %s is logged by its name', async (_how, onRotationFailed) => {
  const fixture = await setUp({ onRotationFailed });

  expect(await deliver(fixture, post(`${url}/${token}`, text({ isFailed: true })))).toBe(204);

  expect(fixture.lines.at(-1)).toBe('error onRotationFailed failed: RangeError was thrown.');
});

test('a logger that throws affects nothing', async () => {
  const broken = (): never => {
    throw new Error('disk full');
  };
  const fixture = await setUp({ logger: { info: broken, warn: broken, error: broken } });
  fixture.kms.put('db', 'v2');

  expect(await deliver(fixture, post(url, text()))).toBe(401);
  expect(await deliver(fixture, post(`${url}/${token}`, text()))).toBe(204);
  expect(fixture.client.peek('db')?.versionId).toBe('v2');
});
