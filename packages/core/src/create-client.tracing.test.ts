import https from 'node:https';
import Module, { syncBuiltinESMExports } from 'node:module';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { busyMachine, fakeMachine, startKms } from './client/client.fixture.ts';
import { createSecretClientOn } from './create-client.ts';
import type { SecretClientOptions } from './options/options.ts';

const region = 'cn-hangzhou';
const instance = 'kst-fake0001';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const temporaryKey = { accessKeyId: 'STS.1', accessKeySecret: 's3cret-key', securityToken: 's3cret-token' };

type Headers = Record<string, string>;

/** Replaces `https.request`, as tracing agents do. Returns the URLs of the requests, which a trace records. */
function installAgent(inject: (headers: Headers) => Headers): readonly string[] {
  const urls: string[] = [];
  const { request } = https;
  const traced = (options: https.RequestOptions): ReturnType<typeof request> => {
    urls.push(`https://${options.host}:${options.port}${options.path}`);
    return request({ ...options, headers: inject(options.headers as Headers) });
  };
  https.request = traced as typeof request; // the transports call it in this form only
  syncBuiltinESMExports();
  onTestFinished(() => {
    https.request = request;
    syncBuiltinESMExports();
  });
  return urls;
}

const agents: readonly (readonly [string, (headers: Headers) => Headers])[] = [
  ['copies the headers, like OpenTelemetry and dd-trace', (headers) => Object.assign({}, headers, { traceparent })],
  ['changes the headers, like X-Ray', (headers) => Object.assign(headers, { traceparent })],
];

type Identity = (kms: FakeKms) => SecretClientOptions;

function sharedGateway(kms: FakeKms): NonNullable<SecretClientOptions['endpoints']> {
  return [{ endpoint: kms.endpoint(region).endpoint, caFilePath: kms.caFilePath }];
}

const identities: readonly (readonly [string, Identity])[] = [
  ['an access key', (kms) => ({ credentials: kms.accessKey, endpoints: sharedGateway(kms) })],
  [
    'temporary credentials',
    (kms) => {
      kms.addStsKey({ ...temporaryKey, expiresAt: kms.clock.date() + 3_600_000 });
      return { credentials: temporaryKey, endpoints: sharedGateway(kms) };
    },
  ],
  [
    'a client key',
    (kms) => {
      const { keyFile: clientKeyFile, password } = kms.createClientKey({ gateway: 'shared' });
      return { credentials: { type: 'client_key', clientKeyFile, password }, endpoints: sharedGateway(kms) };
    },
  ],
  [
    'a client key of an instance',
    (kms) => {
      const { keyFile: clientKeyFile, password } = kms.createClientKey({ gateway: 'instance' });
      const { endpoint } = kms.endpoint(instance);
      return { endpoints: [{ endpoint, caFilePath: kms.caFilePath, clientKeyFile, password }] };
    },
  ],
];

for (const [what, inject] of agents) {
  test.each(identities)(`reads with %s while a tracing agent ${what}`, async (_, optionsFor) => {
    const kms = await startKms({ db: 's3cret-1' }, { regions: [region], instances: [instance] });
    const client = createSecretClientOn(fakeMachine(), { ...busyMachine, ...optionsFor(kms) });
    onTestFinished(() => client.close());
    const urls = installAgent(inject);

    const secret = await client.get('db');

    expect(secret.text()).toBe('s3cret-1');
    expect(kms.requests.map(({ headers }) => headers.includes('traceparent'))).toEqual([true]);
    expect(urls).toHaveLength(1);
    expect(urls.join('')).not.toMatch(/s3cret|Signature|Token|KAAP|AccessKey/u);
  });
}

/** Replaces `https.request` when a module requires it, as agents do that are loaded with `--require`. Returns the number of requests. */
function installRequireAgent(): { readonly requests: () => number } {
  let requests = 0;
  const { request } = https;
  const original = Reflect.get(Module.prototype, 'require') as (this: Module, id: string) => unknown;
  const traced = (...args: Parameters<typeof request>): ReturnType<typeof request> => {
    requests += 1;
    return request(...args);
  };
  Module.prototype.require = function requireTraced(id) {
    if (id === 'node:https') https.request = traced as typeof request; // the transports use one of its overloads
    return original.call(this, id);
  };
  onTestFinished(() => {
    Reflect.set(Module.prototype, 'require', original);
    https.request = request;
  });
  return { requests: () => requests };
}

test.each(identities)('a tracing agent that replaces required modules sees requests with %s', async (_, optionsFor) => {
  const kms = await startKms({ db: 's3cret-1' }, { regions: [region], instances: [instance] });
  const client = createSecretClientOn(fakeMachine(), { ...busyMachine, ...optionsFor(kms) });
  onTestFinished(() => client.close());
  const agent = installRequireAgent();

  const secret = await client.get('db');

  expect(secret.text()).toBe('s3cret-1');
  expect(agent.requests()).toBe(1);
});
