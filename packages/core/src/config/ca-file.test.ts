import { startFakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { readCaFile, readCaText } from './ca-file.ts';
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
  ['bytes that are not text', new Uint8Array([0x30, 0x82, 0, 7]), 'a binary file'],
  ['half a certificate', '-----BEGIN CERTIFICATE-----\ns3cret+1\n', 'without a PEM certificate'],
])('rejects a path with %s', (_, content, got) => {
  const files = content === undefined ? {} : { '/app/ca.pem': content };

  const file = readCaFile({ ...location, path: 'ca.pem' }, machineWith(files));

  expect(file.pem).toBeUndefined();
  expect(file.issues).toMatchObject([{ key: 'endpoints[0].caFilePath', source: 'option' }]);
  expect(file.issues[0]?.got).toContain(got);
  expect(JSON.stringify(file)).not.toMatch(/s3cret/u);
});

test('does not quote PEM text that is set as a path', () => {
  const path = '-----BEGIN CERTIFICATE-----\ns3cret+1\n-----END CERTIFICATE-----';

  const { issues } = readCaFile({ ...location, path }, machineWith({}));

  expect(issues).toEqual([expect.objectContaining({ got: 'PEM text instead of a path. Set it as `ca`' })]);
});

test.each([
  [
    'with comments in GBK',
    (pem: string) => Buffer.concat([Buffer.from([0xd6, 0xa4, 0xca, 0xe9, 10]), Buffer.from(pem)]),
  ],
  ['in UTF-16', (pem: string) => Buffer.from(`\uFEFF${pem}`, 'utf16le')],
])('reads a file %s', async (_, encode) => {
  await using kms = await startFakeKms();

  const file = readCaFile({ ...location, path: 'ca.pem' }, machineWith({ '/app/ca.pem': encode(kms.caPem) }));

  expect(file.issues).toEqual([]);
  expect(file.pem?.match(/BEGIN CERTIFICATE/gu)).toHaveLength(2);
});

test.each([
  ['as it is', (pem: string) => pem],
  ['with escaped line breaks', (pem: string) => pem.replaceAll('\n', '\\n')],
  ['with blanks as line breaks', (pem: string) => pem.replaceAll('\n', ' ')],
  ['without line breaks', (pem: string) => pem.replaceAll('\n', '')],
])('reads a text %s', async (_, convert) => {
  await using kms = await startFakeKms();

  const text = readCaText({ ...location, key: 'endpoints[0].ca', pem: convert(kms.caPem) });

  const { pem, expiresAt } = readCaText({ ...location, pem: kms.caPem });
  expect(text).toEqual({ pem, expiresAt, issues: [], warnings: [] });
  expect(expiresAt).toBeGreaterThan(Date.now());
  expect(text.pem?.match(/BEGIN CERTIFICATE/gu)).toHaveLength(2);
});

test('rejects a text without a certificate and does not show it', () => {
  const { issues } = readCaText({ ...location, key: 'endpoints[0].ca', pem: '-----BEGIN s3cret-key' });

  expect(issues).toMatchObject([{ key: 'endpoints[0].ca', got: 'a text without a PEM certificate' }]);
  expect(JSON.stringify(issues)).not.toContain('s3cret');
});

test('warns about an expired authority', async () => {
  await using kms = await startFakeKms();
  const inAYear = location.date + 365 * 86_400_000;

  const file = readCaFile({ ...location, date: inAYear, path: 'ca.pem' }, machineWith({ '/app/ca.pem': kms.caPem }));

  expect(file.issues).toEqual([]);
  expect(file.pem).toBeDefined();
  expect(file.warnings[0]).toMatch(/CN=Fake KMS Root CA in ca\.pem .* expired on/u);
});
