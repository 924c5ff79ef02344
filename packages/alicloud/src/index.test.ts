import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { Credential } from './library.ts';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport, startFakeKms } from '@kms-secrets/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ramCredentials } from './index.ts';
import type { RamCredentials } from './index.ts';
import * as services from './signed-services.fixture.ts';
import type { ServiceRules, SignedService } from './signed-services.fixture.ts';

const require = createRequire(import.meta.url);
const name = 'prod/ram';

interface RamSecret {
  readonly kms: FakeTransport;
  readonly secrets: SecretClient;
  /** The keys that RAM accepts. */
  readonly keys: Map<string, string>;
  /** RAM creates a key and KMS publishes it. The key before is deleted at once. */
  readonly rotate: (version: number) => void;
}

function ramSecret(): RamSecret {
  const kms = new FakeTransport();
  const keys = new Map<string, string>();
  const secrets = createSecretClient({ endpoints: [kms], ttl: '1h', precedence: 'code-only' });
  onTestFinished(() => secrets.close());
  const rotate = (version: number): void => {
    keys.clear();
    keys.set(`LTAI${version}`, `s3cret-${version}`);
    kms.put(name, `v${version}`, {
      value: JSON.stringify({ AccessKeyId: `LTAI${version}`, AccessKeySecret: `s3cret-${version}` }),
      type: 'RAMCredentials',
    });
  };
  rotate(1);
  return { kms, secrets, keys, rotate };
}

interface Sdk {
  readonly rules: ServiceRules;
  /** Creates a client, and returns a function that calls the service. */
  readonly connect: (service: SignedService, ram: RamCredentials) => Promise<() => Promise<unknown>>;
}

const sdks: Readonly<Record<string, Sdk>> = {
  'ali-oss': {
    rules: services.oss,
    connect: async ({ url }, ram) => {
      const OSS = require('ali-oss') as new (options: object) => { get(name: string): Promise<unknown> };
      const client = ram.follow(new OSS({ ...(await ram.get()), endpoint: url, bucket: 'bucket', cname: true }));
      return () => client.get('object');
    },
  },
  tablestore: {
    rules: services.tablestore,
    connect: async ({ url }, ram) => {
      const { Client } = require('tablestore') as {
        Client: new (options: object) => {
          listTable(options: object, done: (error: unknown, data: unknown) => void): void;
        };
      };
      const client = ram.follow(new Client({ ...(await ram.get()), endpoint: url, instancename: 'i', maxRetries: 0 }));
      return () =>
        new Promise((resolve, reject) => {
          client.listTable({}, (error, data) => (error ? reject(error) : resolve(data)));
        });
    },
  },
  '@alicloud/log': {
    rules: services.log,
    connect: ({ url }, { credentialsProvider }) => {
      const Log = require('@alicloud/log') as new (options: object) => {
        listLogStore(project: string | undefined): Promise<unknown>;
      };
      const client = new Log({ endpoint: url, credentialsProvider });
      return Promise.resolve(() => client.listLogStore(undefined));
    },
  },
  '@alicloud/mns': {
    rules: services.mns,
    connect: async ({ host }, ram) => {
      const { default: MNS = require('@alicloud/mns') as never } = require('@alicloud/mns') as {
        default?: new (
          account: string,
          options: object,
        ) => { listQueue(start: string, max: number, prefix: string): Promise<unknown>; endpoint: string };
      };
      const client = ram.follow(
        new MNS('1', { ...(await ram.get()), region: 'cn-hangzhou', endpoint: `http://${host}` }),
      );
      return () => client.listQueue('', 1, 'p');
    },
  },
  '@alicloud/pop-core': {
    rules: services.rpc,
    connect: async ({ url }, ram) => {
      const { RPCClient } = require('@alicloud/pop-core') as {
        RPCClient: new (options: object) => { request(action: string, parameters: object): Promise<unknown> };
      };
      const client = ram.follow(new RPCClient({ ...(await ram.get()), endpoint: url, apiVersion: '2016-01-20' }));
      return () => client.request('ListSecrets', {});
    },
  },
};

describe.each(Object.entries(sdks))('%s', (_, { rules, connect }) => {
  test('uses the current access key for each request', async () => {
    const { secrets, keys, rotate } = ramSecret();
    const service = await startService(rules, keys);
    const call = await connect(service, ramCredentials(secrets, name));
    await call();

    rotate(2);
    await secrets.refresh(name);
    await call();

    expect(service.keyIds).toEqual(['LTAI1', 'LTAI2']);
  });

  test('no call fails across a rotation whose old key is deleted at once', async () => {
    const { secrets, keys, rotate, kms } = ramSecret();
    const service = await startService(rules, keys);
    const ram = ramCredentials(secrets, name);
    const call = await connect(service, ram);
    await call();

    for (const version of [2, 3, 4]) {
      rotate(version);
      await Promise.all(Array.from({ length: 20 }, () => ram.retrying(call)));
    }

    expect(new Set(service.keyIds)).toEqual(new Set(['LTAI1', 'LTAI2', 'LTAI3', 'LTAI4']));
    expect(kms.requests.length).toBeLessThanOrEqual(1 + 3 * 2);
  });
});

async function startService(rules: ServiceRules, keys: ReadonlyMap<string, string>): Promise<SignedService> {
  return services.startSignedService(rules, keys);
}

test('an SDK on @alicloud/openapi-core follows a rotation of the access key', async () => {
  const { secrets, rotate, kms } = ramSecret();
  await using cloud = await startFakeKms({ accessKey: { accessKeyId: 'LTAI1', accessKeySecret: 's3cret-1' } });
  cloud.put('app', 's3cret-app');
  const ram = ramCredentials(secrets, name);
  const { default: Client, $OpenApiUtil } = require('@alicloud/openapi-core') as {
    default: new (config: object) => {
      callApi(parameters: object, request: object, options: object): Promise<unknown>;
    };
    $OpenApiUtil: Readonly<Record<'Config' | 'Params' | 'OpenApiRequest', new (fields: object) => object>>;
  };
  const { endpoint } = cloud.endpoints[0] ?? { endpoint: '' };
  const client = new Client(new $OpenApiUtil.Config({ credential: ram, endpoint, ca: cloud.caPem }));
  const parameters = new $OpenApiUtil.Params({
    action: 'GetSecretValue',
    version: '2016-01-20',
    protocol: 'HTTPS',
    method: 'POST',
    pathname: '/',
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'json',
    bodyType: 'json',
  });
  const request = new $OpenApiUtil.OpenApiRequest({ query: { SecretName: 'app' } });
  const call = (): Promise<unknown> => client.callApi(parameters, request, {});
  await call();

  cloud.addAccessKey({ accessKeyId: 'LTAI2', accessKeySecret: 's3cret-2' });
  rotate(2);
  cloud.removeAccessKey('LTAI1');
  await ram.retrying(call);

  expect(cloud.requests.map(({ accessKeyId }) => accessKeyId)).toEqual(['LTAI1', 'LTAI1', 'LTAI2']);
  expect(kms.requests.length).toBe(2);
});

describe('retrying()', () => {
  const deleted = (): Error => Object.assign(new Error('deleted'), { code: 'InvalidAccessKeyId.NotFound' });

  test('throws the error of the call if there is no newer key, after one refresh', async () => {
    const { secrets, kms } = ramSecret();
    const error = deleted();
    let calls = 0;

    const retried = ramCredentials(secrets, name).retrying(() => {
      calls += 1;
      return Promise.reject(error);
    });

    await expect(retried).rejects.toBe(error);
    expect(calls).toBe(1);
    expect(kms.requests.length).toBe(2);
  });

  test('calls at most twice', async () => {
    const { secrets, rotate } = ramSecret();
    const ram = ramCredentials(secrets, name);
    await ram.get();
    rotate(2);
    let calls = 0;

    const retried = ram.retrying(() => {
      calls += 1;
      return Promise.reject(deleted());
    });

    await expect(retried).rejects.toThrow('deleted');
    expect(calls).toBe(2);
  });

  test.each([
    ['another code', Object.assign(new Error('no'), { code: 'NoPermission' })],
    ['a shared code with another message', Object.assign(new Error('denied by policy'), { code: 'AccessDenied' })],
    ['a wrong signature', Object.assign(new Error('bad'), { code: 'SignatureDoesNotMatch' })],
    ['no error', 's3cret'],
    ['nothing', undefined],
  ])('refreshes nothing after %s', async (_, thrown) => {
    const { secrets, kms } = ramSecret();

    await expect(ramCredentials(secrets, name).retrying(() => Promise.reject(thrown as Error))).rejects.toBe(thrown);
    expect(kms.requests.length).toBe(1);
  });

  test('throws the error of the call while KMS is unavailable', async () => {
    const { secrets, kms } = ramSecret();
    const ram = ramCredentials(secrets, name);
    await ram.get();
    kms.fail('denied');

    await expect(ram.retrying(() => Promise.reject(deleted()))).rejects.toThrow('deleted');
  });
});

test.each([
  ['no JSON', 's3cret-plain'],
  ['a database account', '{"AccountName":"app","AccountPassword":"s3cret"}'],
  ['an empty key', '{"AccessKeyId":"","AccessKeySecret":"s3cret"}'],
])('a secret with %s is an error that names it, and nothing of its value', async (_, value) => {
  const { secrets, kms } = ramSecret();
  kms.put(name, 'v1', { value });
  const ram = ramCredentials(secrets, name);

  const error: unknown = await ram.get().catch((reason: unknown) => reason);

  expect(error).toMatchObject({ code: 'ERR_NO_ACCESS_KEY', secretName: name });
  expect(String(error)).not.toMatch(/s3cret|AccountName/u);
  expect(() => ram.follow({ accessKeyID: 'x' })).toThrow('holds no access key');
});

test('refuses a client that it does not know', async () => {
  const { secrets } = ramSecret();
  const ram = ramCredentials(secrets, name);
  await ram.get();

  expect(() => ram.follow({})).toThrow('a client of ali-oss, tablestore, @alicloud/mns, @alicloud/pop-core');
});

test('reports all invalid arguments at once', () => {
  expect(() => ramCredentials({} as never, '', { stage: 7, stages: 'x' } as never)).toThrow(
    /client: .*\n.*name: .*\n.*options\.stage: .*\n.*options\.stages: unknown/u,
  );
});

test('shows no key when it is inspected, and stops following the secret when it is disposed of', async () => {
  const { secrets } = ramSecret();
  const ram = ramCredentials(secrets, name);
  await ram.get();
  expect(inspect(ram, { depth: 20 })).not.toMatch(/s3cret|LTAI/u);
  expect(JSON.stringify(ram)).not.toMatch(/s3cret|LTAI/u);
  expect(secrets.stats().pinned).toBe(1);

  ram.dispose();

  expect(secrets.stats().pinned).toBe(0);
});

test('is a Credential', async () => {
  const { secrets } = ramSecret();

  const ram = ramCredentials(secrets, name);

  expect(ram).toBeInstanceOf(Credential);
  expect(await ram.getCredential()).toMatchObject({ accessKeyId: 'LTAI1', accessKeySecret: 's3cret-1' });
  expect(await ram.getAccessKeyId()).toBe('LTAI1');
  expect(ram.getType()).toBe('kms_ram_secret');
});
