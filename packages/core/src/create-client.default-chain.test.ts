import { expect, onTestFinished, test } from 'vitest';
import { busyMachine, collectLog, fakeMachine, startKms } from './client/client.fixture.ts';
import { createSecretClientOn } from './create-client.ts';

const home = { HOME: '/home/me', ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
const cliFile = '/home/me/.aliyun/config.json';

test('reads a secret with the current profile of the Alibaba Cloud CLI', async () => {
  const kms = await startKms({ db: 's3cret-db' });
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const { accessKeyId, accessKeySecret } = kms.accessKey;
  const profile = { name: 'me', mode: 'AK', access_key_id: accessKeyId, access_key_secret: accessKeySecret };
  const files = { [cliFile]: `\uFEFF${JSON.stringify({ current: 'me', profiles: [profile] })}` };
  const client = createSecretClientOn(fakeMachine(home, files), {
    endpoints: [{ endpoint, caFilePath: kms.caFilePath }],
    ...busyMachine,
  });
  onTestFinished(() => client.close());

  expect((await client.get('db')).stale).toBe(false);
});

test('warns about a broken profile when the client is created, and names it when a read fails', async () => {
  const { logger, lines } = collectLog();
  const client = createSecretClientOn(fakeMachine(home, { [cliFile]: '{"profiles":[' }), {
    endpoints: ['cn-hangzhou'],
    logger,
  });
  onTestFinished(() => client.close());

  const problem = `${cliFile}:1: the file is not valid JSON`;
  expect(lines.filter((line) => line.startsWith(`warn ${problem}`))).toHaveLength(1);
  await expect(client.get('db')).rejects.toThrow(problem);
});

test('a client with credentials in code does not read the variables and profiles of other programs', async () => {
  const { logger, lines } = collectLog();
  const machine = fakeMachine({ ...home, ALIBABA_CLOUD_ACCESS_KEY_ID: 'FakeId ' }, { [cliFile]: '{"profiles":[' });
  const client = createSecretClientOn(machine, {
    credentials: { accessKeyId: 'id', accessKeySecret: 'key' },
    endpoints: ['cn-hangzhou'],
    logger,
  });
  onTestFinished(() => client.close());

  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
});
