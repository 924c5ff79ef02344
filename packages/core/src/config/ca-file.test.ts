import { startFakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { readCaFile } from './ca-file.ts';
import type { ConfigurationMachine } from './environment.ts';
import { machine } from './environment.ts';

const location = { key: 'endpoints[0].caFilePath', source: 'option', date: Date.now() };

function machineWith(files: Readonly<Record<string, string | Uint8Array>>): ConfigurationMachine {
  return {
    environment: {},
    workingDirectory: () => '/app',
    readFile(path) {
      const file = files[path];
      if (file === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return typeof file === 'string' ? Buffer.from(file) : file;
    },
  };
}

test('reads only the certificates of a file', async () => {
  await using kms = await startFakeKms();
  const text = `a comment\r\n${kms.caPem}-----BEGIN PRIVATE KEY-----\ns3cret-key\n-----END PRIVATE KEY-----\n`;

  const file = readCaFile({ ...location, path: 'ca.pem' }, machineWith({ '/app/ca.pem': text }));

  expect(file).toMatchObject({ issues: [], warnings: [] });
  expect(file.pem?.match(/BEGIN CERTIFICATE/gu)).toHaveLength(2);
  expect(file.pem).not.toContain('s3cret-');
});

test('reads a file from disk', async () => {
  await using kms = await startFakeKms();

  expect(readCaFile({ ...location, path: kms.caFilePath }, machine).pem).toContain('BEGIN CERTIFICATE');
});

test.each([
  ['nothing', undefined, 'no file'],
  ['no certificate', 's3cret-1', 'without a PEM certificate'],
  [
    'a broken certificate',
    '-----BEGIN CERTIFICATE-----\ns3cret+1\n-----END CERTIFICATE-----',
    'certificate 1 is invalid',
  ],
  ['bytes that are not text', new Uint8Array([0xff, 0xfe]), 'not UTF-8'],
])('rejects a path with %s', (_, content, got) => {
  const files = content === undefined ? {} : { '/app/ca.pem': content };

  const file = readCaFile({ ...location, path: 'ca.pem' }, machineWith(files));

  expect(file.pem).toBeUndefined();
  expect(file.issues).toMatchObject([{ key: 'endpoints[0].caFilePath', source: 'option' }]);
  expect(file.issues[0]?.got).toContain(got);
  expect(JSON.stringify(file)).not.toMatch(/s3cret/u);
});

test('warns about an expired authority', async () => {
  await using kms = await startFakeKms();
  const inAYear = location.date + 365 * 86_400_000;

  const file = readCaFile({ ...location, date: inAYear, path: 'ca.pem' }, machineWith({ '/app/ca.pem': kms.caPem }));

  expect(file.issues).toEqual([]);
  expect(file.pem).toBeDefined();
  expect(file.warnings[0]).toMatch(/CN=Fake KMS Root CA in ca\.pem .* expired on/u);
});
