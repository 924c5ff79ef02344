import { startFakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { readCaFile } from './ca-file.ts';
import type { ConfigurationMachine } from './environment.ts';
import { machine } from './environment.ts';

const about = { key: 'endpoints[0].caFilePath', source: 'option', date: Date.now() };

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

test('the certificates of a file are read, and nothing else of it', async () => {
  await using kms = await startFakeKms();
  const text = `a comment\r\n${kms.caPem}-----BEGIN PRIVATE KEY-----\ns3cret-key\n-----END PRIVATE KEY-----\n`;

  const read = readCaFile({ ...about, path: 'ca.pem' }, machineWith({ '/app/ca.pem': text }));

  expect(read).toMatchObject({ issues: [], warnings: [] });
  expect(read.pem?.match(/BEGIN CERTIFICATE/gu)).toHaveLength(2);
  expect(read.pem).not.toContain('s3cret-');
});

test('a file on disk is read', async () => {
  await using kms = await startFakeKms();

  expect(readCaFile({ ...about, path: kms.caFilePath }, machine).pem).toContain('BEGIN CERTIFICATE');
});

test.each([
  ['nothing', undefined, 'no file'],
  ['no certificate', 's3cret-1', 'without a certificate'],
  [
    'a broken certificate',
    '-----BEGIN CERTIFICATE-----\ns3cret+1\n-----END CERTIFICATE-----',
    'number 1 cannot be read',
  ],
  ['bytes that are no text', new Uint8Array([0xff, 0xfe]), 'not UTF-8'],
])('a path with %s is an issue that tells what is there', (_, file, got) => {
  const files = file === undefined ? {} : { '/app/ca.pem': file };

  const read = readCaFile({ ...about, path: 'ca.pem' }, machineWith(files));

  expect(read.pem).toBeUndefined();
  expect(read.issues).toMatchObject([{ key: 'endpoints[0].caFilePath', source: 'option' }]);
  expect(read.issues[0]?.got).toContain(got);
  expect(JSON.stringify(read)).not.toMatch(/s3cret/u);
});

test('an authority that has expired is a warning', async () => {
  await using kms = await startFakeKms();
  const inAYear = about.date + 365 * 86_400_000;

  const read = readCaFile({ ...about, date: inAYear, path: 'ca.pem' }, machineWith({ '/app/ca.pem': kms.caPem }));

  expect(read.issues).toEqual([]);
  expect(read.pem).toBeDefined();
  expect(read.warnings[0]).toMatch(/CN=Fake KMS Root CA in ca\.pem .* expired on/u);
});
