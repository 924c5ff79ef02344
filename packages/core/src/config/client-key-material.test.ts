import { expect, test } from 'vitest';
import type { ClientKeySource } from '../options/client-key-source.ts';
import { readClientKeyMaterial } from './client-key-material.ts';
import type { ClientKeyMaterial } from './client-key-material.ts';

interface Machine {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Checks that no issue and no warning shows a secret. */
function read(from: ClientKeySource, { environment = {}, files = {} }: Machine = {}): ClientKeyMaterial {
  const material = readClientKeyMaterial(
    { from, key: 'credentials', source: 'option' },
    {
      environment,
      workingDirectory: () => '/app',
      readFile(path) {
        const file = files[path];
        if (file === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
        return typeof file === 'string' ? Buffer.from(file) : file;
      },
    },
  );
  expect(JSON.stringify([material.issues, material.warnings])).not.toContain('s3cret-');
  return material;
}

const content = { clientKeyContent: '{"KeyId":"s3cret-"}' };
const password = 's3cret-password';

test('reads key and password from files, without surrounding white space', () => {
  const files = { '/app/k.json': '\uFEFF {"KeyId":"x"}\n', '/app/p': ` ${password}\r\n\r\n` };

  expect(read({ clientKeyFile: 'k.json', passwordFromFilePath: 'p' }, { files })).toEqual({
    json: '{"KeyId":"x"}',
    password,
    issues: [],
    warnings: [],
  });
});

test.each([
  { clientKeyFile: '{"KeyId":"s3cret-id","PrivateKeyData":"s3cret-key"}', password },
  { clientKeyFile: `s3cret-${'aB1/'.repeat(200)}`, password },
  { ...content, passwordFromFilePath: password },
])('does not quote a key or a password that is set as a path: %#', (from) => {
  const { issues } = read(from);

  expect(issues).toEqual([
    expect.objectContaining({
      got: expect.stringContaining('no file at a path that looks like the content of a file'),
    }),
  ]);
});

test('reads the password from code, a variable or client_key_password', () => {
  const environment = { PASSWORD: ` ${password}\n`, client_key_password: 's3cret-last' };

  expect(read({ ...content, password }, { environment })).toMatchObject({ password, issues: [], warnings: [] });
  expect(read({ ...content, passwordFromEnvVariable: 'PASSWORD' }, { environment })).toMatchObject({
    password,
    issues: [],
    warnings: [],
  });
  expect(read(content, { environment })).toMatchObject({ password: 's3cret-last', issues: [], warnings: [] });
});

test('follows a variable that holds the name of another one, with a warning', () => {
  const environment = { PASSWORD: 'REAL_PASSWORD', REAL_PASSWORD: password };

  const material = read({ ...content, passwordFromEnvVariable: 'PASSWORD' }, { environment });

  expect(material).toMatchObject({ password, issues: [] });
  expect(material.warnings).toEqual([
    expect.stringContaining('credentials (option): the variable PASSWORD holds the name of another variable'),
  ]);
});

test.each<[string, ClientKeySource, Machine, string]>([
  ['no password anywhere', content, {}, 'credentials.password'],
  ['no such variable', { ...content, passwordFromEnvVariable: 's3cret-1' }, {}, 'credentials.passwordFromEnvVariable'],
  [
    'an empty variable',
    { ...content, passwordFromEnvVariable: 'P' },
    { environment: { P: ' ' } },
    'credentials.passwordFromEnvVariable',
  ],
  ['no password file', { ...content, passwordFromFilePath: 'p' }, {}, 'credentials.passwordFromFilePath'],
  [
    'an empty password file',
    { ...content, passwordFromFilePath: 'p' },
    { files: { '/app/p': '\n' } },
    'credentials.passwordFromFilePath',
  ],
  ['no key file', { clientKeyFile: 'k.json', password }, {}, 'credentials.clientKeyFile'],
  [
    'an empty key file',
    { clientKeyFile: 'k.json', password },
    { files: { '/app/k.json': ' \n' } },
    'credentials.clientKeyFile',
  ],
  [
    'a key file that is not text',
    { clientKeyFile: 'k.json', password },
    { files: { '/app/k.json': new Uint8Array([0xff, 0xfe]) } },
    'credentials.clientKeyFile',
  ],
  [
    'a key file that is too large',
    { clientKeyFile: 'k.json', password },
    { files: { '/app/k.json': new Uint8Array(1_048_577) } },
    'credentials.clientKeyFile',
  ],
])('rejects %s', (...row) => {
  const [, from, machine, key] = row;

  expect(read(from, machine).issues).toMatchObject([{ key, source: 'option' }]);
});
