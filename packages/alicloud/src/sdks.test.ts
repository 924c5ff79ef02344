import { createRequire } from 'node:module';
import { startFakeKms } from '@kms-secrets/testing';
import { describe, expect, test } from 'vitest';
import { ramCredentials } from './index.ts';
import type { RamCredentials } from './index.ts';
import { name, ramSecret } from './ram-secret.fixture.ts';
import * as services from './signed-services.fixture.ts';
import type { ServiceRules, SignedService } from './signed-services.fixture.ts';

const require = createRequire(import.meta.url);

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
