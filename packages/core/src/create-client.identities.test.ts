import { readFileSync } from 'node:fs';
import { FakeClock, startFakeKms } from '@kms-secrets/testing';
import type { FakeClientKey, FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { ConfigurationMachine } from './config/environment.ts';
import { createSecretClientOn } from './create-client.ts';
import { isSecretError } from './errors.ts';
import type { SecretClientOptions } from './options.ts';

type Texts = Readonly<Record<string, string>>;

/** A machine with these variables, and these files besides those that are really there. */
function machineWith(environment: Texts, files: Texts = {}): ConfigurationMachine {
  return {
    environment,
    workingDirectory: () => '/nowhere',
    readFile(path) {
      const text = files[path];
      return text === undefined ? readFileSync(path) : new TextEncoder().encode(text);
    },
  };
}

interface Stage {
  readonly kms: FakeKms;
  readonly sharedKey: FakeClientKey;
  readonly instanceKey: FakeClientKey;
}

async function stage(): Promise<Stage> {
  const kms = await startFakeKms({ regions: ['cn-hangzhou'], instances: ['kst-fake0001'] });
  onTestFinished(() => kms.close());
  kms.put('db', 's3cret-db');
  kms.addStsKey({
    accessKeyId: 'STS.FakeTemporary0001',
    accessKeySecret: 's3cret-temporary',
    securityToken: 's3cret-token',
    expiresAt: kms.clock.date() + 3_600_000,
  });
  const sharedKey = kms.createClientKey({ gateway: 'shared' });
  return { kms, sharedKey, instanceKey: kms.createClientKey({ gateway: 'instance' }) };
}

type Gateway = 'shared' | 'instance';

/** Each identity of the official clients that needs no other server, as the keys that set it and as an option. */
const identities: Readonly<
  Record<
    string,
    (stage: Stage) => { readonly keys: Texts; readonly option: NonNullable<SecretClientOptions['credentials']> }
  >
> = {
  ak: ({ kms: { accessKey } }) => ({
    keys: {
      credentials_type: 'ak',
      credentials_access_key_id: accessKey.accessKeyId,
      credentials_access_secret: accessKey.accessKeySecret,
    },
    option: { type: 'ak', ...accessKey },
  }),
  token: ({ kms: { accessKey } }) => ({
    keys: {
      credentials_type: 'token',
      credentials_access_token_id: accessKey.accessKeyId,
      credentials_access_token: accessKey.accessKeySecret,
    },
    option: accessKey,
  }),
  sts: () => {
    const pair = { accessKeyId: 'STS.FakeTemporary0001', accessKeySecret: 's3cret-temporary' };
    return {
      keys: {
        credentials_type: 'sts',
        credentials_access_key_id: pair.accessKeyId,
        credentials_access_secret: pair.accessKeySecret,
        credentials_security_token: 's3cret-token',
      },
      option: { type: 'sts', ...pair, securityToken: 's3cret-token' },
    };
  },
  client_key: ({ sharedKey }) => ({
    keys: {
      credentials_type: 'client_key',
      client_key_private_key_path: sharedKey.keyFile,
      client_key_password_from_file_path: sharedKey.passwordFile,
    },
    option: { type: 'client_key', clientKeyFile: sharedKey.keyFile, password: sharedKey.password },
  }),
};

const sources = ['environment', 'file', 'custom file', 'code'] as const;

function clientKeys({ kms }: Stage, gateway: Gateway): Texts {
  const endpoints = kms.endpoints.filter((endpoint) => endpoint.gateway === gateway);
  return {
    cache_client_region_id: JSON.stringify(
      endpoints.map(({ region, endpoint }) => ({ regionId: region, endpoint, caFilePath: kms.caFilePath })),
    ),
  };
}

async function readFrom(machine: ConfigurationMachine, options: SecretClientOptions): Promise<void> {
  const client = createSecretClientOn(machine, { tries: 1, ...options });
  try {
    await client.get('db');
  } finally {
    await client.close();
  }
}

const properties = (keys: Texts): string =>
  Object.entries(keys)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

async function read(
  at: Stage,
  name: string,
  how: { source: (typeof sources)[number]; gateway: Gateway },
): Promise<void> {
  const identity = identities[name]?.(at);
  if (identity === undefined) throw new Error(`no identity ${name}`);
  const keys = { ...identity.keys, ...clientKeys(at, how.gateway) };
  const endpoints = at.kms.endpoints
    .filter(({ gateway }) => gateway === how.gateway)
    .map(({ endpoint }) => ({ endpoint, caFilePath: at.kms.caFilePath }));
  switch (how.source) {
    case 'environment':
      return readFrom(machineWith(keys), {});
    case 'file':
      return readFrom(machineWith({}, { '/nowhere/secretsmanager.properties': properties(keys) }), {});
    case 'custom file':
      return readFrom(machineWith({}, { '/conf/kms.properties': properties(keys) }), {
        configFile: '/conf/kms.properties',
      });
    case 'code':
      return readFrom(machineWith({}), { credentials: identity.option, endpoints });
    default:
      return how.source satisfies never;
  }
}

test.each(Object.keys(identities).flatMap((name) => sources.map((source) => [name, source] as const)))(
  '%s from %s reads a secret from the shared gateway, and from an instance where KMS takes it there',
  async (name, source) => {
    const at = await stage();

    await read(at, name, { source, gateway: 'shared' });
    const [onInstance] = await Promise.allSettled([read(at, name, { source, gateway: 'instance' })]);

    // A client key speaks to an instance by the instance's own API alone.
    expect(onInstance.status).toBe(name === 'client_key' ? 'rejected' : 'fulfilled');
  },
);

test.each(sources)('a client key from %s reads from an instance by its own API', async (source) => {
  const { kms, instanceKey } = await stage();
  const keys = kms.environment({ instanceKey });
  const files = { '/nowhere/secretsmanager.properties': properties(keys), '/conf/kms.properties': properties(keys) };
  const endpoints = kms.endpoints
    .filter(({ gateway }) => gateway === 'instance')
    .map(({ endpoint }) => ({
      endpoint,
      caFilePath: kms.caFilePath,
      clientKeyFile: instanceKey.keyFile,
      password: instanceKey.password,
    }));

  if (source === 'environment') await readFrom(machineWith(keys), {});
  else if (source === 'file') await readFrom(machineWith({}, files), {});
  else if (source === 'custom file') await readFrom(machineWith({}, files), { configFile: '/conf/kms.properties' });
  else await readFrom(machineWith({}), { endpoints });

  expect(kms.requests.map(({ dialect, status }) => [dialect, status])).toEqual([['B', 200]]);
});

test('an instance and a region stand in one list, each asked in its own way', async () => {
  const at = await stage();
  const keys = { ...at.kms.environment(), ...at.kms.environment({ instanceKey: at.instanceKey }) };
  const client = createSecretClientOn(machineWith(keys), {});
  onTestFinished(() => client.close());
  await client.get('db');
  await at.kms.stop('kst-fake0001');

  expect((await client.refresh('db')).stale).toBe(false);
  expect(at.kms.requests.map(({ dialect }) => dialect)).toEqual(['B', 'A2']);
});

test('credentials from an address of your own are asked for once, however many read at first', async () => {
  const { kms } = await stage();
  const { endpoint } = kms.endpoint('cn-hangzhou');
  for (let index = 0; index < 100; index += 1) kms.put(`name-${index}`, 's3cret-many');
  const client = createSecretClientOn(machineWith({}), {
    credentials: { type: 'credentials_uri', uri: kms.credentialsUri.url },
    endpoints: [{ endpoint, caFilePath: kms.caFilePath }],
  });
  onTestFinished(() => client.close());

  await Promise.all(Array.from({ length: 100 }, (_, index) => client.get(`name-${index}`)));

  expect(kms.credentialsUri.calls).toBe(1);
});

test.each([
  ['a wrong password', { password: 'not-the-password-1' }, /password/u],
  ['no password', {}, /password/u],
  ['two passwords', { password: 'one-password-1', passwordFromEnvVariable: 'P' }, /one of password/u],
])('a client key with %s is told as that, before anything is asked', async (_what, password, expected) => {
  const { kms, sharedKey } = await stage();
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const credentials = { type: 'client_key', clientKeyFile: sharedKey.keyFile, ...password } as never;

  let told = '';
  try {
    createSecretClientOn(machineWith({}), { credentials, endpoints: [{ endpoint, caFilePath: kms.caFilePath }] });
  } catch (error) {
    told = isSecretError(error, 'ERR_CONFIGURATION') ? error.message : '';
  }

  expect(told).toMatch(expected);
  expect(told).not.toMatch(/not-the-password|one-password/u);
  expect(kms.requests).toEqual([]);
});

test.each([
  ['2036-10-20', undefined],
  ['2036-10-22', 'The client key of credentials (option) expires on 2036-11-20.'],
  ['2036-11-21', 'The client key of credentials (option) expired on 2036-11-20.'],
])(
  'on %s a key in the form that KMS hands out, which ends on 2036-11-20, is warned about thus: %s',
  async (day, told) => {
    const vectors = JSON.parse(
      readFileSync(new URL('credentials/client-key-vectors.json', import.meta.url), 'utf8'),
    ) as {
      readonly key: { readonly password: string };
      readonly pkcs12: readonly [{ readonly file: string; readonly clientKeyFile: object }];
    };
    const [{ file, clientKeyFile }] = vectors.pkcs12;
    const warnings: string[] = [];
    const nothing = (): void => {};
    const client = createSecretClientOn(machineWith({}), {
      credentials: {
        type: 'client_key',
        clientKeyContent: JSON.stringify(clientKeyFile),
        password: vectors.key.password,
      },
      endpoints: ['cn-hangzhou'],
      clock: new FakeClock({ date: Date.parse(day) }),
      logger: { debug: nothing, info: nothing, warn: (line: string) => void warnings.push(line), error: nothing },
    });
    await client.close();

    expect(file).toBe('legacy-gopkcs12-shape.p12');
    expect(warnings).toEqual(told === undefined ? [] : [told]);
  },
);

test('a certificate that is not checked is warned about at every start', async () => {
  const { kms } = await stage();
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const client = createSecretClientOn(machineWith({}), {
    credentials: kms.accessKey,
    endpoints: [{ endpoint, ignoreSslCerts: true }],
    logger: { debug: note, info: note, warn: note, error: note },
  });
  onTestFinished(() => client.close());

  await client.get('db');

  expect(lines.join()).toMatch(/is not checked \(endpoints\[0\]\.ignoreSslCerts, option\)/u);
});
