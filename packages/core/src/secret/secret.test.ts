import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, test } from 'vitest';
import { isSecretError } from './errors.ts';
import { cachedCopy, Secret } from './secret.ts';
import type { SecretFields } from './secret-fields.ts';

const value = 's3cret-{"user":"app"}';

function secret(fields: Partial<SecretFields> = {}): Secret {
  return new Secret({ name: 'db', versionId: 'v1', value, dataType: 'text', ...fields });
}

function errorOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

/** A Standard Schema validator with that function. */
function schema(validate: (input: unknown) => unknown): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as StandardSchemaV1.Props['validate'] } };
}

test.each([
  ['console.log', (shown: Secret) => inspect(shown, { depth: 9, showHidden: true, getters: true })],
  ['JSON.stringify', (shown: Secret) => JSON.stringify(shown)],
  ['a template string', (shown: Secret) => String(shown)],
  ['object spread', (shown: Secret) => JSON.stringify(Object.assign({}, shown))],
  ['structuredClone', (shown: Secret) => inspect(structuredClone(shown), { depth: 9 })],
  ['an error that carries it', (shown: Secret) => inspect(new Error('x', { cause: shown }), { depth: 9 })],
])('%s does not show the value', (_printer, print) => {
  const shown = secret();
  shown.text();

  expect(print(shown).includes('s3cret')).toBe(false);
});

test('does not print the extended configuration', () => {
  expect(inspect(secret({ extendedConfig: { AccountName: 's3cret-account' } })).includes('s3cret')).toBe(false);
});

test('accepts an empty value', () => {
  expect(secret({ value: '' }).text()).toBe('');
});

test('text() of a binary secret throws and names both types', () => {
  const error = errorOf(() => secret({ dataType: 'binary' }).text());

  expect(isSecretError(error, 'ERR_SECRET_TYPE')).toBe(true);
  expect(error.message).toMatch(/"db".*v1.*text.*binary/u);
});

test('bytes() of a text secret throws', () => {
  expect(
    isSecretError(
      errorOf(() => secret().bytes()),
      'ERR_SECRET_TYPE',
    ),
  ).toBe(true);
});

test('bytes() returns a new copy of the UTF-8 bytes', () => {
  const binary = secret({ dataType: 'binary', value: 'é' });
  binary.bytes().fill(0);

  expect([...binary.bytes()]).toEqual([0xc3, 0xa9]);
});

test('bytes() decodes base64 on request', () => {
  expect([...secret({ dataType: 'binary', value: 'AAH/' }).bytes({ encoding: 'base64' })]).toEqual([0, 1, 255]);
});

test('an error about invalid base64 does not show the value', () => {
  const error = errorOf(() => secret({ dataType: 'binary', value: 's3cret-%' }).bytes({ encoding: 'base64' }));

  expect(isSecretError(error, 'ERR_SECRET_TYPE')).toBe(true);
  expect(inspect(error).includes('s3cret')).toBe(false);
});

test('json() parses once and freezes the result', () => {
  const json = secret({ value: '{"user":{"name":"s3cret-app"}}' });
  const parsed = json.json() as { user: { name: string } };

  expect(json.json()).toBe(parsed);
  expect(Object.isFrozen(parsed.user)).toBe(true);
});

test('an error about invalid JSON does not show the value', () => {
  const error = errorOf(() => secret().json());

  expect(isSecretError(error, 'ERR_SECRET_TYPE')).toBe(true);
  expect(inspect(error, { depth: 9 }).includes('s3cret')).toBe(false);
});

test('json() validates once per schema and keeps the output', () => {
  let calls = 0;
  const port = schema((input) => {
    calls += 1;
    return { value: Number((input as { port: string }).port) };
  });
  const json = secret({ value: '{"port":"5432"}' });

  expect(json.json(port)).toBe(5432);
  expect(json.json(port)).toBe(5432);
  expect(calls).toBe(1);
});

test('a schema error shows paths, not the messages of the schema', () => {
  const strict = schema((input) => ({
    issues: [{ message: `bad ${JSON.stringify(input)}`, path: ['user', { key: 0 }] }],
  }));
  const error = errorOf(() => secret({ value: '{"user":["s3cret-x"]}' }).json(strict));

  expect(error.message).toContain('*[0]');
  expect(inspect(error, { depth: 9 }).includes('s3cret')).toBe(false);
});

test.each([
  ['this', () => Promise.reject(new Error('later'))],
  ['another', () => runInNewContext('Promise.reject(new Error("later"))') as Promise<never>],
])('refuses an asynchronous schema of %s realm and handles its rejection', (_, reject) => {
  const late = schema(reject);

  expect(errorOf(() => secret({ value: '{}' }).json(late)).message).toContain('asynchronous');
});

test('a stale copy shares the version and the parsed JSON', () => {
  const fresh = secret({ value: '{"a":1}' });
  const parsed = fresh.json();
  const stale = fresh.asStale();

  expect(stale).toMatchObject({ name: 'db', versionId: 'v1', stale: true });
  expect(stale.json()).toBe(parsed);
  expect(fresh.stale).toBe(false);
  expect(stale.asStale()).toBe(stale);
});

test('missing fields default to those of an unmanaged secret', () => {
  const plain = secret();

  expect(plain.stages).toEqual(['ACSCurrent']);
  expect(plain.type).toBe('Generic');
  expect(plain.createdAt).toBeUndefined();
  expect(plain.rotation).toBeUndefined();
});

test('createdAt returns a copy', () => {
  const dated = secret({ createdAt: 0 });
  dated.createdAt?.setFullYear(2000);

  expect(dated.createdAt?.getTime()).toBe(0);
});

test('withText() keeps every field but the value', () => {
  const unwrapped = secret({ stages: ['ACSPrevious'] }).withText('s3cret-plain');

  expect(unwrapped.text()).toBe('s3cret-plain');
  expect(unwrapped.stages).toEqual(['ACSPrevious']);
});

test.each<[string, Partial<SecretFields>]>([
  ['request id', { requestId: 'R-1' }],
  ['extended configuration', { extendedConfig: { a: 1 } }],
  ['rotation dates', { rotation: { state: 'Enabled', interval: undefined, lastAt: undefined, nextAt: 1 } }],
])('a secret does not get the %s of another one', (_, fields) => {
  const [first, second] = [secret(fields), secret()];
  const inherited = (one: Secret): unknown[] => [one.requestId, one.extendedConfig, one.rotation];

  expect(inherited(second)).not.toEqual(inherited(first));
  expect(inherited(second)).toEqual(inherited(secret()));
  expect(first).toMatchObject(fields);
});

test('the cached copy of a secret has no request id', () => {
  const original = secret({ requestId: 'R-1' });

  expect(cachedCopy(original, 'db').requestId).toBeUndefined();
  expect(original.requestId).toBe('R-1');
});
