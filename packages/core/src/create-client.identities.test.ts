import { readFileSync } from 'node:fs';
import { FakeClock, startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { ConfigurationMachine } from './config/environment.ts';
import { createSecretClientOn } from './create-client.ts';
import { isSecretError } from './secret/errors.ts';

/** A machine with these variables, and no configuration file. */
function machineWith(environment: Readonly<Record<string, string>>): ConfigurationMachine {
  return { environment, workingDirectory: () => '/nowhere', readFile: (path) => readFileSync(path) };
}

async function start(): Promise<FakeKms> {
  const kms = await startFakeKms({ regions: ['cn-hangzhou'], instances: ['kst-fake0001'] });
  onTestFinished(() => kms.close());
  kms.put('db', 's3cret-db');
  return kms;
}

test('an instance and a region stand in one list, each asked in its own way', async () => {
  const kms = await start();
  const instanceKey = kms.createClientKey({ gateway: 'instance' });
  const keys = { ...kms.environment(), ...kms.environment({ instanceKey }) };
  const client = createSecretClientOn(machineWith(keys), {});
  onTestFinished(() => client.close());
  await client.get('db');
  await kms.stop('kst-fake0001');

  expect((await client.refresh('db')).stale).toBe(false);
  expect(kms.requests.map(({ protocol }) => protocol)).toEqual(['instance-api', 'acs3']);
});

test(
  'credentials from an address of your own are asked for once, however many read at first',
  { timeout: 20_000 },
  async () => {
    const kms = await start();
    const { endpoint } = kms.endpoint('cn-hangzhou');
    for (let index = 0; index < 100; index += 1) kms.put(`name-${index}`, 's3cret-many');
    const client = createSecretClientOn(machineWith({}), {
      credentials: { type: 'credentials_uri', uri: kms.credentialsUri.url },
      endpoints: [{ endpoint, caFilePath: kms.caFilePath }],
      // A hundred handshakes at once, on a machine that may be busy.
      connectTimeout: '20s',
      attemptTimeout: '20s',
      deadline: '20s',
    });
    onTestFinished(() => client.close());

    await Promise.all(Array.from({ length: 100 }, (_, index) => client.get(`name-${index}`)));

    expect(kms.credentialsUri.calls).toBe(1);
  },
);

test.each([
  ['a wrong password', { password: 'not-the-password-1' }, /password/u],
  ['no password', {}, /password/u],
  ['two passwords', { password: 'one-password-1', passwordFromEnvVariable: 'P' }, /one of password/u],
])('a client key with %s is told as that, before anything is asked', async (_what, password, expected) => {
  const kms = await start();
  const sharedKey = kms.createClientKey({ gateway: 'shared' });
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
  const kms = await start();
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

  expect(lines.join()).toMatch(/is not verified \(endpoints\[0\]\.ignoreSslCerts, option\)/u);
});
