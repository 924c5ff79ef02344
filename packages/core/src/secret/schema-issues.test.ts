import { inspect } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, test } from 'vitest';
import { Secret } from './secret.ts';

type Path = NonNullable<StandardSchemaV1.Issue['path']>;

/** A schema that finds issues at these paths. `declared` are the properties by which a library describes itself. */
function schemaWith(paths: readonly Path[], declared: object = {}): StandardSchemaV1 {
  const issues = paths.map((path) => ({ message: `bad ${JSON.stringify(path)}`, path }));
  return { ...declared, '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } };
}

/** A schema whose `validate` is `run`. */
function schemaThat(run: (json: unknown) => unknown): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate: run as StandardSchemaV1.Props['validate'] } };
}

function errorOf(json: unknown, schema: StandardSchemaV1): Error {
  const secret = new Secret({ name: 'db', versionId: 'v1', value: JSON.stringify(json), dataType: 'text' });
  try {
    secret.json(schema);
  } catch (error) {
    return error as Error;
  }
  throw new Error('The schema accepted the value.');
}

const apiKey = 's3cret-live-9f8e';
const text = {};
/** How Zod, Valibot and others describe an object with a user, a list of hosts and a map of keys. */
const declarations: readonly (readonly [string, object])[] = [
  ['Zod', { shape: { user: text, hosts: { element: { shape: { name: text } } }, keys: { def: { valueType: text } } } }],
  ['Valibot', { entries: { user: text, hosts: { item: { entries: { name: text } } }, keys: { value: text } } }],
  [
    'Zod 3',
    { shape: { user: { _def: { innerType: text } }, hosts: { element: { shape: { name: text } } }, keys: text } },
  ],
  [
    'Zod, optional',
    { def: { innerType: { shape: { user: text, hosts: { element: { shape: { name: text } } }, keys: text } } } },
  ],
];

test.each(declarations)('shows declared names and indexes, not the keys of the value: %s', (_, declared) => {
  const paths: readonly Path[] = [
    ['user'],
    [{ key: 'hosts' }, { key: 1 }, { key: 'name' }],
    ['keys', apiKey],
    [apiKey],
    ['hosts', 0, apiKey],
    [],
  ];
  const json = { hosts: [{ [apiKey]: 1 }, {}], keys: { [apiKey]: 'x' }, [apiKey]: 1 };

  const error = errorOf(json, schemaWith(paths, declared));

  expect(error).toMatchObject({ code: 'ERR_SECRET_TYPE', secretName: 'db' });
  expect(error.message).toContain('differs at: user, hosts[1].name, keys.*, *, hosts[0].*, the whole value.');
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cret');
});

test.each<[string, Path]>([
  ['a path with the value', ['x', 's3cret-value']],
  ['a number that is no index', [90_210]],
  ['a symbol', [Symbol('s3cret')]],
  ['a key of the prototype', ['__proto__', 'toString']],
])('shows no key of a schema that describes nothing: %s', (_, path) => {
  const error = errorOf({ x: 1 }, schemaWith([path]));

  expect(error.message).toMatch(/differs at: \*(?:\.\*)?\./u);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cret');
});

test('lists at most ten places', () => {
  const shape = Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`field${index}`, text]));
  const error = errorOf(
    {},
    schemaWith(
      Object.keys(shape).map((name) => [name]),
      { shape },
    ),
  );

  expect(error.message).toContain('field9 and 3 more places');
  expect(error.message).not.toContain('field10');
});

test.each<[string, (json: unknown) => unknown]>([
  ['an error of JSON.parse', (json) => JSON.parse((json as { inner: string }).inner)],
  ['an error of new URL()', (json) => new URL((json as { inner: string }).inner)],
  [
    'a value that is not an error',
    () => {
      throw 's3cret-thrown';
    },
  ],
  [
    'an error with fields',
    () => {
      throw Object.assign(new Error('s3cret-thrown'), { input: 's3cret-input' });
    },
  ],
  [
    'an error of a getter of its issues',
    () => ({
      get issues() {
        throw new Error('s3cret-getter');
      },
    }),
  ],
  [
    'an error of a getter of its output',
    () => ({
      value: {
        get url() {
          throw new Error('s3cret-getter');
        },
      },
    }),
  ],
  ['an error of `then`', () => new Proxy({}, { get: () => JSON.parse('s3cret-getter') as unknown })],
  ['no result', () => undefined],
])('reports what a schema throws without its text: %s', (_, run) => {
  const error = errorOf({ inner: 's3cret-inner' }, schemaThat(run));

  expect(error).toMatchObject({ name: 'SecretTypeError', code: 'ERR_SECRET_TYPE', secretName: 'db' });
  expect(error.message).toContain('the schema failed: ');
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cret');
});
