import { expect, test } from 'vitest';
import type { ClientKeySource } from '../options/client-key-source.ts';
import type { ClientKeyTexts } from './client-key-texts.ts';
import { readClientKeyTexts } from './client-key-texts.ts';

interface World {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

function read(from: ClientKeySource, { environment = {}, files = {} }: World = {}): ClientKeyTexts {
  const texts = readClientKeyTexts(
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
  expect(JSON.stringify([texts.issues, texts.warnings])).not.toContain('s3cret-');
  return texts;
}

const content = { clientKeyContent: '{"KeyId":"s3cret-"}' };
const password = 's3cret-password';

test('key and password are read from files, without what an editor puts around them', () => {
  const files = { '/app/k.json': '\uFEFF {"KeyId":"x"}\n', '/app/p': ` ${password}\r\n\r\n` };

  expect(read({ clientKeyFile: 'k.json', passwordFromFilePath: 'p' }, { files })).toEqual({
    json: '{"KeyId":"x"}',
    password,
    issues: [],
    warnings: [],
  });
});

test('a password comes from code, from a variable, or from the last resort of the official clients', () => {
  const environment = { PASSWORD: ` ${password}\n`, client_key_password: 's3cret-last' };

  expect(read({ ...content, password }, { environment })).toMatchObject({ password, issues: [], warnings: [] });
  expect(read({ ...content, passwordFromEnvVariable: 'PASSWORD' }, { environment })).toMatchObject({
    password,
    issues: [],
    warnings: [],
  });
  expect(read(content, { environment })).toMatchObject({ password: 's3cret-last', issues: [], warnings: [] });
});

test('a variable that names another one is followed once, and that is said', () => {
  const environment = { PASSWORD: 'REAL_PASSWORD', REAL_PASSWORD: password };

  const texts = read({ ...content, passwordFromEnvVariable: 'PASSWORD' }, { environment });

  expect(texts).toMatchObject({ password, issues: [] });
  expect(texts.warnings).toEqual([
    expect.stringContaining('credentials (option): the variable PASSWORD holds the name of another variable'),
  ]);
});

test.each<[string, ClientKeySource, World, string]>([
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
    'a key file that is none',
    { clientKeyFile: 'k.json', password },
    { files: { '/app/k.json': new Uint8Array([0xff, 0xfe]) } },
    'credentials.clientKeyFile',
  ],
  [
    'a key file without end',
    { clientKeyFile: 'k.json', password },
    { files: { '/app/k.json': new Uint8Array(1_048_577) } },
    'credentials.clientKeyFile',
  ],
])('%s is an issue that shows nothing', (...row) => {
  const [, from, world, key] = row;

  expect(read(from, world).issues).toMatchObject([{ key, source: 'option' }]);
});
