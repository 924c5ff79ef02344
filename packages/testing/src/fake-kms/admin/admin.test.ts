import { readFileSync } from 'node:fs';
import { request } from 'node:http';

import { expect, test } from 'vitest';

import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import { sendAcs3 } from '../test-client.fixture.ts';
import { startAdmin } from './admin.ts';
import { routes } from './routes.ts';

const json = { 'content-type': 'application/json' };

test('puts and rotates a secret', async () => {
  await using admin = await start();

  const put = await admin.post('/put', {
    name: 'db',
    value: 's3cret-1',
    versionId: 'v1',
    stages: ['mine'],
    dataType: 'binary',
  });
  const rotated = await admin.post('/rotate', { name: 'db', value: 's3cret-2' });

  expect(put).toEqual({ status: 200, body: { versionId: 'v1' } });
  const response = await sendAcs3({ kms: admin.kms, parameters: { SecretName: 'db' } });
  expect(response.text.includes('s3cret-2')).toBe(true);
  expect(response.text.includes((rotated.body as { versionId: string }).versionId)).toBe(true);
  expect((await admin.post('/rotate', { name: 'db', value: { user: 's3cret-3' } })).status).toBe(200);
});

test('accepts every example of the README, which has one for every route', async () => {
  await using admin = await start();
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const examples = [...readme.matchAll(/^\| `(GET|POST) (\/\S+)` +\| (?:`(\{.*?\})`)?.*\|$/gm)].flatMap(
    ([, method = '', path = '', body = '{}']) => {
      const shared = /^\/sts\/(?:requests|clear-requests|fault|heal|stop|start)$/.test(path);
      const paths = shared ? ['/sts', '/metadata', '/credentials-uri'].map((to) => path.replace('/sts', to)) : [path];
      return paths.map((each) => ({ method, path: each, body }));
    },
  );

  for (const { method, path, body } of examples) {
    const headers = method === 'POST' ? json : {};
    const response = await admin.raw({ method, path, headers, body: method === 'POST' ? body : '' });
    expect([path, response.status, response.body]).toEqual([path, 200, response.body]);
  }
  expect(new Set(examples.map(({ method, path }) => `${method} ${path}`))).toEqual(new Set(routes.keys()));
});

test('puts a managed secret with rotation, and advances the clock', async () => {
  await using admin = await start();
  const value = JSON.stringify({ AccountName: 'app', AccountPassword: 's3cret-1' });
  await admin.post('/put', {
    name: 'db',
    value,
    type: 'Rds',
    extendedConfig: { DBInstanceId: 'rm-1' },
    automaticRotation: { interval: 21_600 },
  });
  const before = admin.kms.clock.date();

  const { body } = await admin.post('/clock/pass', { ms: 21_600_000 });

  expect((body as { date: number }).date - before).toBeGreaterThanOrEqual(21_600_000);
  const { text } = await sendAcs3({ kms: admin.kms, parameters: { SecretName: 'db' } });
  expect(text.includes('LastRotationDate')).toBe(true);
});

test.each([
  ['/deny', '/allow', 403],
  ['/disable', '/enable', 409],
])('%s blocks reads and %s allows them', async (block, unblock, status) => {
  await using admin = await start();
  admin.kms.put('db', 's3cret-1');
  const readStatus = async (): Promise<number> =>
    (await sendAcs3({ kms: admin.kms, parameters: { SecretName: 'db' } })).status;

  await admin.post(block, { name: 'db' });
  expect(await readStatus()).toBe(status);
  await admin.post(unblock, { name: 'db' });
  expect(await readStatus()).toBe(200);
  await admin.post('/remove', { name: 'db' });
  expect(await readStatus()).toBe(404);
});

test('stops and starts a region', async () => {
  await using admin = await start();

  await admin.post('/stop', { region: 'cn-hangzhou' });
  await expect(sendAcs3({ kms: admin.kms })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await admin.post('/start', { region: 'cn-hangzhou' });
  expect((await sendAcs3({ kms: admin.kms })).status).toBe(400);
});

test.each([
  { kind: 'throttle', retryAfter: 100 },
  { kind: 'error', status: 500, code: 'InternalFailure', message: 'x' },
  { kind: 'hang' },
  { kind: 'hangMidBody' },
  { kind: 'reset' },
  { kind: 'closeSocket' },
  { kind: 'truncate' },
  { kind: 'html', status: 502 },
  { kind: 'empty', status: 413 },
  { kind: 'malformed' },
  { kind: 'wrongShape' },
  { kind: 'otherSecret' },
  { kind: 'oversized', bytes: 2_000_000 },
  { kind: 'redirect', location: 'http://127.0.0.1/' },
  { kind: 'slow', ms: 5 },
  { kind: 'drip', ms: 5 },
  { kind: 'chunked' },
  { kind: 'connectionClose' },
  { kind: 'certificate', of: 'expired' },
])('adds the fault $kind', async (fault) => {
  await using admin = await start();

  expect(await admin.post('/fault', { ...fault, region: 'cn-hangzhou', times: 2, secretName: 'db' })).toEqual({
    status: 200,
    body: {},
  });
});

test('applies and heals a fault', async () => {
  await using admin = await start();
  await admin.post('/fault', { kind: 'html', status: 502 });

  expect((await sendAcs3({ kms: admin.kms })).status).toBe(502);
  await admin.post('/heal', {});
  expect((await sendAcs3({ kms: admin.kms })).status).toBe(400);
});

test('returns and clears the requests', async () => {
  await using admin = await start();
  await sendAcs3({ kms: admin.kms, parameters: { SecretName: 'db' } });

  expect(await admin.get('/requests')).toMatchObject({
    status: 200,
    body: [{ secretName: 'db', status: 404, protocol: 'acs3' }],
  });
  expect(await admin.get('/counts')).toEqual({
    status: 200,
    body: { openRequests: expect.any(Number), handshakes: 1, badCertificateRequests: 0 },
  });
  await admin.post('/clear-requests', {});
  expect(await admin.get('/requests')).toEqual({ status: 200, body: [] });
});

test.each([
  ['/put', {}, 'The body: name is missing.'],
  ['/put', { name: 'db' }, 'The body: value is missing.'],
  ['/put', { name: 5, value: 'x' }, 'The body: name must be a string.'],
  ['/put', { name: 'db', value: 'x', stages: 'a' }, 'The body: stages must be a list of strings.'],
  ['/put', { name: 'db', value: 'x', type: 'toString' }, 'The body: type must be one of Generic,'],
  ['/put', { name: 'db', value: 'x', extendedConfig: [] }, 'The body: extendedConfig must be an object.'],
  ['/put', { name: 'db', value: 'x', automaticRotation: 5 }, 'automaticRotation must be { interval: SECONDS }'],
  ['/put', { name: 'db', value: 'x', vlaue: 'y' }, 'The body has an unknown field vlaue.'],
  ['/put', [], 'The body must be an object.'],
  ['/put', { name: 'a b', value: 'x' }, 'The name of a secret must have'],
  ['/rotate', { name: 'unknown' }, 'no secret "unknown"'],
  ['/deny', { name: 'db', more: 1 }, 'has an unknown field more. Its fields are name.'],
  ['/fault', { kind: 'constructor' }, 'The body: kind must be one of throttle,'],
  ['/fault', { kind: 'slow' }, 'The body: ms is missing.'],
  ['/fault', { kind: 'slow', ms: -1 }, 'The body: ms must be a number, 0 or more.'],
  ['/fault', { kind: 'hang', times: 0 }, 'times of a fault must be a whole number'],
  ['/fault', { kind: 'hang', region: 'mars' }, 'no region or instance mars'],
  ['/stop', { region: 'mars' }, 'no region or instance mars'],
  ['/clock/pass', { ms: '5' }, 'The body: ms must be a number'],
  ['/clear-requests', { x: 1 }, 'has an unknown field x. It has no fields.'],
])('%s rejects %j with a message', async (path, body, message) => {
  await using admin = await start();

  expect(await admin.post(path, body)).toEqual({ status: 400, body: { message: expect.stringContaining(message) } });
});

test('rejects invalid JSON without repeating it', async () => {
  await using admin = await start();

  const { status, body } = await admin.raw({ method: 'POST', path: '/put', headers: json, body: 's3cret-' });

  expect([status, body]).toEqual([400, { message: 'The body is not valid JSON.' }]);
});

test('lists the routes for an unknown route', async () => {
  await using admin = await start();

  expect(await admin.get('/put')).toEqual({ status: 404, body: { message: expect.stringContaining('POST /put') } });
});

test('rejects a body over 1 MiB', async () => {
  await using admin = await start();

  // The server may close the connection while the client still sends; the client then gets a network error.
  const outcome = await admin
    .raw({
      method: 'POST',
      path: '/put',
      headers: json,
      body: JSON.stringify({ name: 'db', value: 'x'.repeat(1024 * 1024) }),
    })
    .then(({ status }) => status)
    .catch(() => 413);

  expect(outcome).toBe(413);
});

test.each<[string, Record<string, string>, number]>([
  ['with an Origin', { ...json, origin: 'http://127.0.0.1' }, 403],
  ['with Sec-Fetch-Site', { ...json, 'sec-fetch-site': 'same-origin' }, 403],
  ['to a foreign host name', { ...json, host: 'evil.example:80' }, 403],
  ['to a host name that begins with 127.0.0.1', { ...json, host: '127.0.0.1.evil.example' }, 403],
  ['with a form as body', { 'content-type': 'text/plain' }, 415],
])('rejects a request %s', async (_, headers, status) => {
  await using admin = await start();
  admin.kms.put('db', 's3cret-1');

  const response = await admin.raw({ method: 'POST', path: '/remove', headers, body: '{"name":"db"}' });

  expect(response.status).toBe(status);
  expect(() => admin.kms.disable('db')).not.toThrow();
});

test.each(['localhost:1', '[::1]:1', '127.0.0.1'])('accepts the host %s', async (host) => {
  await using admin = await start();

  expect((await admin.raw({ method: 'GET', path: '/requests', headers: { host }, body: '' })).status).toBe(200);
});

interface AdminResponse {
  readonly status: number;
  readonly body: unknown;
}

interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Started extends AsyncDisposable {
  readonly kms: FakeKms;
  get(path: string): Promise<AdminResponse>;
  post(path: string, body: unknown): Promise<AdminResponse>;
  raw(request: AdminRequest): Promise<AdminResponse>;
}

async function start(): Promise<Started> {
  const kms = await startFakeKms();
  const admin = await startAdmin(kms);
  const raw = ({ method, path, headers, body }: AdminRequest): Promise<AdminResponse> =>
    new Promise((resolve, reject) => {
      const outgoing = request(admin.url + path, { method, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }));
      });
      outgoing.on('error', reject).end(body);
    });
  return {
    kms,
    raw,
    get: (path) => raw({ method: 'GET', path, headers: {}, body: '' }),
    post: (path, body) => raw({ method: 'POST', path, headers: json, body: JSON.stringify(body) }),
    async [Symbol.asyncDispose]() {
      await admin.close();
      await kms.close();
    },
  };
}
