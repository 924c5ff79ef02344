import { format, inspect } from 'node:util';
import { createSecretClient } from '@kms-secrets/core';
import type { Secret, SecretClient } from '@kms-secrets/core';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';

function clientOf(kms: FakeKms): SecretClient {
  return createSecretClient({ credentials: kms.accessKey, endpoints: endpointsOf(kms) });
}

function endpointsOf(kms: FakeKms): { readonly endpoint: string; readonly caFilePath: string }[] {
  return kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath }));
}

/** Every way in which JavaScript and Node turn a value into text. */
const printers: Readonly<Record<string, (printed: unknown) => string>> = {
  // `String` throws for an object without a prototype.
  'a template': (printed) => (Object.getPrototypeOf(printed) === null ? '' : String(printed)),
  'JSON.stringify': (printed) => JSON.stringify({ printed }),
  'util.inspect': (printed) => inspect(printed, { showHidden: true, depth: null, getters: true }),
  'util.format, which console.log uses': (printed) => format('%s %o %O %j', printed, printed, printed, printed),
  'a copy by spreading': (printed) => JSON.stringify({ ...(printed as object) }),
  structuredClone: (printed) => inspect(structuredClone({ ...(printed as object) }), { showHidden: true, depth: null }),
  'own and inherited properties': (printed) => propertiesOf(printed).join(),
};

test.each(Object.entries(printers))('%s shows no value of a secret', async (_, print) => {
  await using kms = await startFakeKms();
  kms.put('db', '{"password":"s3cret-one"}');
  kms.put('key', 's3cret-two', { dataType: 'binary' });
  await using client = clientOf(kms);
  const secrets = await client.getMany(['db', 'key']);
  secrets.db.json();

  const texts = [secrets.db, secrets.key, secrets, client, client.describe(), client.stats()].map((printed) =>
    print(printed),
  );

  expect(texts.filter((text) => text.includes('s3cret-'))).toHaveLength(0);
  expect(texts.filter((text) => text.includes(kms.accessKey.accessKeySecret))).toHaveLength(0);
});

test('a type error does not quote the value', async () => {
  await using kms = await startFakeKms();
  kms.put('db', 's3cret-one is no JSON');
  await using client = clientOf(kms);
  const secret = await client.get('db');

  const printed = [() => secret.json(), () => secret.bytes()].map((readAsOtherType) =>
    inspect(errorOf(readAsOtherType), { depth: null, showHidden: true }),
  );

  expect(printed.filter((text) => text.includes('s3cret-'))).toHaveLength(0);
});

test('a validation error does not quote an issue that contains the value', async () => {
  await using kms = await startFakeKms();
  kms.put('db', '{"password":"s3cret-one"}');
  await using client = clientOf(kms);
  const secret = await client.get('db');

  const error = errorOf(() => secret.json(quotingSchema));

  expect(inspect(error, { depth: null, showHidden: true }).includes('s3cret-')).toBe(false);
  expect(String(error)).toContain('password');
});

/** A Standard Schema validator that quotes the invalid value in its issues, as many do. */
const quotingSchema: NonNullable<Parameters<Secret['json']>[0]> & { readonly shape: object } = {
  // As Zod declares a property. A message shows no other name.
  shape: { password: {} },
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({ issues: [{ message: `Did not expect ${JSON.stringify(value)}.`, path: ['password'] }] }),
  },
};

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return expect.fail('Expected an error, but nothing was thrown.');
}

function propertiesOf(value: unknown): string[] {
  const seen: string[] = [];
  for (let owner: unknown = value; typeof owner === 'object' && owner !== null; owner = Object.getPrototypeOf(owner)) {
    for (const key of Reflect.ownKeys(owner)) {
      const property: unknown = Reflect.get(owner, key, value);
      if (typeof property !== 'function') seen.push(String(key), inspect(property, { depth: null, showHidden: true }));
    }
  }
  return seen;
}
