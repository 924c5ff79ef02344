import { expect, test } from 'vitest';

import { propertiesText } from './client-settings.ts';
import { startFakeKms } from './start-fake-kms.ts';

test('escapes backslashes and non-ASCII characters for Java', () => {
  const settings = { caFilePath: 'C:\\ca.pem', name: 'ä数' };

  expect(propertiesText(settings)).toBe('caFilePath=C:\\\\ca.pem\nname=\\u00e4\\u6570\n');
});

test('environment() and properties() have the endpoints and the access key', async () => {
  await using kms = await startFakeKms({ regions: ['cn-hangzhou', 'cn-shanghai'] });
  const [hangzhou, shanghai] = kms.endpoints;

  const { cache_client_region_id: regions, ...identity } = kms.environment();

  expect(identity).toEqual({
    credentials_type: 'ak',
    credentials_access_key_id: kms.accessKey.accessKeyId,
    credentials_access_secret: kms.accessKey.accessKeySecret,
  });
  expect(JSON.parse(regions ?? '')).toEqual([
    { regionId: 'cn-hangzhou', endpoint: hangzhou?.endpoint, caFilePath: kms.caFilePath },
    { regionId: 'cn-shanghai', endpoint: shanghai?.endpoint, caFilePath: kms.caFilePath },
  ]);
  expect(kms.properties()).toContain(`credentials_type=ak\n`);
  expect(kms.properties()).toContain(`cache_client_region_id=[{"regionId":"cn-hangzhou",`);
});

test('environment() has the files of a client key and the instances', async () => {
  await using kms = await startFakeKms({ instances: ['kst-fake1'] });
  const key = kms.createClientKey({ gateway: 'both' });
  const shared = kms.environment({ clientKey: key });
  const instance = kms.environment({ instanceKey: key });
  const regionEndpoint = kms.endpoint('cn-hangzhou').endpoint;
  const instanceEndpoint = kms.endpoint('kst-fake1').endpoint;
  const { caFilePath } = kms;

  expect(shared).toEqual({
    credentials_type: 'client_key',
    client_key_private_key_path: key.keyFile,
    client_key_password_from_file_path: key.passwordFile,
    cache_client_region_id: JSON.stringify([{ regionId: 'cn-hangzhou', endpoint: regionEndpoint, caFilePath }]),
  });
  expect(Object.keys(instance)).toEqual(['cache_client_dkms_config_info']);
  expect(JSON.parse(instance['cache_client_dkms_config_info'] ?? '')).toEqual([
    {
      regionId: 'cn-hangzhou',
      endpoint: instanceEndpoint,
      clientKeyFile: key.keyFile,
      passwordFromFilePath: key.passwordFile,
      caFilePath,
    },
  ]);
  expect(kms.environment({ clientKey: key, instanceKey: key })).toEqual({ ...shared, ...instance });
  expect(kms.environment()['cache_client_region_id']).toBe(shared['cache_client_region_id']);
  expect(kms.properties({ clientKey: key })).toContain('credentials_type=client_key\n');
});

test('environment() rejects an instance key without instances', async () => {
  await using kms = await startFakeKms();
  const key = kms.createClientKey({ gateway: 'instance' });

  expect(() => kms.environment({ instanceKey: key })).toThrow('has no instance');
});
