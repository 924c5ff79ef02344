import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import type { DefaultSource, SourceIdentity } from '../options/default-source.ts';
import type { CredentialsProvider } from '../ports/credentials.ts';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { alicloudCredentials } from './alicloud.ts';
import type { LibraryRequest, LibraryResponse } from './library-http.ts';

type Respond = (request: LibraryRequest) => LibraryResponse | Promise<LibraryResponse>;

/** The default chain on these sources. `respond` takes the place of the network. */
function chain(
  sources: readonly DefaultSource[] | (() => readonly DefaultSource[]),
  { clock = new FakeClock({ date: Date.now() }), respond }: { clock?: FakeClock; respond?: Respond } = {},
): CredentialsProvider {
  return alicloudCredentials(
    { type: 'default' },
    {
      clock,
      findDefaultSources: typeof sources === 'function' ? sources : () => sources,
      prepare: (provider) =>
        respond && Reflect.set(provider, 'doRequest', async (request: LibraryRequest) => respond(request)),
    },
  );
}

function sourceOf(name: string, identity: SourceIdentity): DefaultSource {
  return { name, identity };
}

function json(status: number, body: object): LibraryResponse {
  return { statusCode: status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(JSON.stringify(body)) };
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/credentials` : '';
}

const pair = { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
const accessKey = sourceOf('variables', { type: 'ak', ...pair });
const role: SourceIdentity = { type: 'ram_role', ...pair, roleArn: 'acs:ram::1:role/reader' };
const metadata: DefaultSource = { ...sourceOf('ECS metadata', { type: 'ecs_ram_role' }), isImplicit: true };

const session = (lifetime: number): string => JSON.stringify(sessionFields(lifetime));
const sessionFields = (lifetime: number): Readonly<Record<string, string>> => ({
  AccessKeyId: 'FakeSts',
  AccessKeySecret: 's3cret-sts',
  SecurityToken: 's3cret-token',
  Expiration: `${new Date(Date.now() + lifetime).toISOString().slice(0, 19)}Z`,
});
const issued = { accessKeyId: 'FakeSts', accessKeySecret: 's3cret-sts', securityToken: 's3cret-token' };

test('uses the first source that has an identity', async () => {
  expect(await chain([{ name: 'nothing' }, accessKey, metadata]).getCredential()).toEqual(pair);
  expect(await chain([sourceOf('a', { type: 'sts', ...pair, securityToken: 't' })]).getCredential()).toEqual({
    ...pair,
    securityToken: 't',
  });
});

test('finds credentials that are set after a failure', async () => {
  const clock = new FakeClock();
  let sources: readonly DefaultSource[] = [{ name: 'variables' }];
  const provider = chain(() => sources, { clock });
  await expect(provider.getCredential()).rejects.toThrow('No credentials are configured');

  sources = [accessKey];
  await clock.pass('1s');

  expect(await provider.getCredential()).toEqual(pair);
});

test('reports which sources were checked if none is configured', async () => {
  const respond = (): never => {
    throw Object.assign(new Error('x'), { code: 'EHOSTUNREACH' });
  };

  await expect(
    chain([{ name: 'variables' }, metadata, { name: 'URI' }], { respond }).getCredential(),
  ).rejects.toMatchObject({
    failure: 'rejected',
    message: expect.stringContaining('Checked: variables, ECS metadata, URI.') as string,
  });
});

test('passes over a source with a problem, and reports the problem if no other has credentials', async () => {
  const broken = { name: 'config.json', problem: 'config.json:1: the file is not valid JSON.' };

  expect(await chain([broken, accessKey]).getCredential()).toEqual(pair);
  await expect(chain([broken, { name: 'URI' }]).getCredential()).rejects.toMatchObject({
    failure: 'rejected',
    message: 'The default credentials chain found no credentials. config.json:1: the file is not valid JSON.',
  });
});

test('passes over a role that STS refuses, and names it if no other source has credentials', async () => {
  const respond = (): LibraryResponse => json(403, { Code: 'NoPermission', Message: 'x', RequestId: 'R-1' });

  expect(await chain([sourceOf('config.json:2', role), accessKey], { respond }).getCredential()).toEqual(pair);
  await expect(chain([sourceOf('config.json:2', role)], { respond }).getCredential()).rejects.toMatchObject({
    failure: 'identity',
    code: 'NoPermission',
    message: expect.stringContaining('config.json:2: Credentials for role acs:ram::1:role/reader: sts.') as string,
  });
});

test('does not become another identity while STS is unavailable', async () => {
  const respond = (): LibraryResponse => json(503, { Code: 'ServiceUnavailable', Message: 'x', RequestId: 'R-1' });

  await expect(chain([sourceOf('config.json:2', role), accessKey], { respond }).getCredential()).rejects.toMatchObject({
    failure: 'unavailable',
    status: 503,
  });
});

test('a metadata service that no setting names counts only if it responds', async () => {
  const uri = await serve((_, response) => response.end(session(3_600_000)));
  const fallback = sourceOf('URI', { type: 'credentials_uri', uri });
  const hardened = (request: LibraryRequest): LibraryResponse | Promise<LibraryResponse> =>
    request.url === undefined ? json(403, {}) : { statusCode: 200, headers: {}, body: Buffer.from(session(3_600_000)) };

  expect(await chain([metadata, fallback], { respond: hardened }).getCredential()).toEqual(issued);
  await expect(chain([metadata], { respond: hardened }).getCredential()).rejects.toThrow('hardened mode');
});

test('assumes a role with the credentials of another source', async () => {
  const sent: LibraryRequest[] = [];
  const respond = (request: LibraryRequest): LibraryResponse => {
    sent.push(request);
    return json(200, { Credentials: sessionFields(3_600_000) });
  };
  const chained: SourceIdentity = {
    type: 'chained_role',
    role: { type: 'ram_role', roleArn: 'acs:ram::1:role/second' },
    source: role,
  };

  expect(await chain([sourceOf('config.json:3', chained)], { respond }).getCredential()).toEqual(issued);
  expect(sent.map(({ bodyForm }) => bodyForm?.['RoleArn'])).toEqual([
    'acs:ram::1:role/reader',
    'acs:ram::1:role/second',
  ]);
  expect(new URL(sent[1]?.toRequestURL() ?? '').searchParams.get('AccessKeyId')).toBe('FakeSts');
});

test('requests and caches credentials from a URI', async () => {
  let requests = 0;
  const uri = await serve((_, response) => {
    requests += 1;
    response.end(session(3_600_000));
  });
  const clock = new FakeClock({ date: Date.now() });
  const fromChain = chain([sourceOf('URI', { type: 'credentials_uri', uri })], { clock });
  const fromUri = alicloudCredentials({ type: 'credentials_uri', uri }, { clock });

  for (const provider of [fromChain, fromUri]) {
    requests = 0;
    const all = await Promise.all(Array.from({ length: 1_000 }, () => provider.getCredential()));
    await clock.pass('40m');
    expect(await provider.getCredential()).toEqual(issued);
    expect(all[0]).toBe(all[999]);
    expect(requests).toBe(1);
  }
});

test.each([
  ['an HTML page', 200, '<html>s3cret-page</html>', 'malformed'],
  ['incomplete credentials', 200, '{"AccessKeyId":"FakeId"}', 'malformed'],
  ['an error', 500, 's3cret-trace', 'unavailable'],
] as const)('does not quote a URI response with %s', async (...row) => {
  const [, status, body, failure] = row;
  const uri = await serve((_, response) => response.writeHead(status).end(body));

  const error: unknown = await alicloudCredentials({ type: 'credentials_uri', uri }, { clock: new FakeClock() })
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ failure, status });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/FakeId|s3cret-/u);
});

test('reports a URI that hangs or refuses connections as unreachable', async () => {
  const clock = new FakeClock();
  let onRequest: () => void = () => undefined;
  const requested = new Promise<void>((resolve) => (onRequest = resolve));
  const hanging = await serve(() => onRequest());
  const pending = alicloudCredentials({ type: 'credentials_uri', uri: hanging }, { clock })
    .getCredential()
    .catch((thrown: unknown) => thrown);
  await requested;
  await clock.pass('15s');
  const refusing = alicloudCredentials({ type: 'credentials_uri', uri: 'http://127.0.0.1:9/' }, { clock });

  expect(await pending).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  await expect(refusing.getCredential()).rejects.toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
});
