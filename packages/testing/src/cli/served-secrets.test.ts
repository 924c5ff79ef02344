import { expect, test } from 'vitest';

import { startFakeKms } from '../fake-kms/start-fake-kms.ts';
import { sendAcs3 } from '../fake-kms/test-client.fixture.ts';
import { ServedSecrets } from './served-secrets.ts';

test('an edited value becomes the current version, and the old one the previous', async () => {
  await using kms = await startFakeKms();
  const secrets = new ServedSecrets({ kms });
  secrets.putAll([{ name: 'a', value: 's3cret-1', options: { dataType: 'binary' } }]);

  const result = secrets.update([{ name: 'a', value: 's3cret-2', options: { dataType: 'binary' } }]);

  expect(result).toEqual({ added: [], rotated: ['a'], removed: [], errors: [] });
  const read = async (VersionStage: string): Promise<string> =>
    (await sendAcs3({ kms, parameters: { SecretName: 'a', VersionStage } })).text;
  expect(await read('ACSCurrent')).toContain('"SecretData":"s3cret-2","SecretDataType":"binary"');
  expect(await read('ACSPrevious')).toContain('"SecretData":"s3cret-1"');
});

test('an unchanged entry keeps its version, and an invalid one changes nothing', async () => {
  await using kms = await startFakeKms();
  const secrets = new ServedSecrets({ kms });
  const unchanged = { name: 'a', value: 's3cret-1', options: { versionId: 'v1' } };
  secrets.putAll([unchanged, { name: 'b', value: 's3cret-1', options: {} }]);

  const result = secrets.update([unchanged, { name: 'b', value: 's3cret-2', options: { type: 'Rds' } }]);

  expect(result).toMatchObject({
    rotated: [],
    errors: [expect.stringContaining('The secret "b" is invalid: A Generic')],
  });
  const { text } = await sendAcs3({ kms, parameters: { SecretName: 'b' } });
  expect(text).toContain('"SecretData":"s3cret-1"');
  expect(secrets.update([unchanged, { name: 'b', value: 's3cret-3', options: {} }]).rotated).toEqual(['b']);
});
