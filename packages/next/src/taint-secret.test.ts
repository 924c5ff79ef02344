import { inspect } from 'node:util';
import { Secret } from '@kms-secrets/core';
import { expect, test } from 'vitest';
import { taintedPartsOf, taintMessage, taintSecret } from './taint-secret.ts';

function secretOf(value: string): Secret {
  const secret = new Secret({ name: 'prod/db', versionId: 'v1', dataType: 'text', value });
  taintSecret(secret);
  return secret;
}

test('leaves the class Secret unchanged', () => {
  const before = Reflect.ownKeys(Secret.prototype);
  secretOf('s3cret-one');

  expect(Reflect.ownKeys(Secret.prototype)).toEqual(before);
});

test('has no effect on code that awaits, serializes, clones or prints a secret', async () => {
  const secret = secretOf('s3cret-one');

  expect(await Promise.resolve(secret)).toBe(secret);
  expect(JSON.stringify({ secret })).toBe('{"secret":{"name":"prod/db","versionId":"v1"}}');
  expect(structuredClone(secret)).toEqual({ name: 'prod/db', versionId: 'v1' });
  expect(inspect(secret, { showHidden: true }).includes('s3cret-')).toBe(false);
  expect(secret).toEqual(secretOf('s3cret-two'));
  expect(String(secret)).toBe('Secret(prod/db)');
});

test('taints the secret and each part of its value once, with an error that names the secret', () => {
  const secret = new Secret({ name: 'prod/db', versionId: 'v1', dataType: 'text', value: '{"password":"s3cret-one"}' });
  const tainted: unknown[] = [];
  const taint = {
    experimental_taintObjectReference: (message: string, object: object) => tainted.push([message, object]),
    experimental_taintUniqueValue: (message: string, lifetime: object, value: string | Uint8Array) =>
      tainted.push([message, lifetime, value]),
  };

  taintSecret(secret, taint);
  taintSecret(secret, taint);

  const message = taintMessage(secret);
  expect(tainted).toEqual([[message, secret], ...[...taintedPartsOf(secret)].map((part) => [message, secret, part])]);
});

const partsOf = (json: unknown): readonly (string | Uint8Array)[] => {
  const value = JSON.stringify(json);
  return [...taintedPartsOf(new Secret({ name: 'db', versionId: 'v1', dataType: 'text', value }))].filter(
    (part) => part !== value,
  );
};

test.each([
  { region: 'cn-hangzhou' },
  { host: 'rm-bp1uj7xkw5l0q9k3x.mysql.rds.aliyuncs.com', port: '3306', protocol: 'postgresql' },
  { environment: 'production', AccountName: 'shop_application', database: 'orders-production' },
  { url: 'https://user@api.shop.example/v1/orders', since: '2026-01-31T00:00:00.000Z', engine: 'PostgreSQL 16.2' },
  { keyboard: 'mechanical', author: 'somebody', passenger: 'travelling', nested: [{ region: 'ap-southeast-1' }] },
  { password: 'short' },
])('does not taint common words: %j', (json) => {
  expect(partsOf(json)).toEqual([]);
});

test.each([
  { password: 'correct-horse' },
  { AccountPassword: 'production' },
  { AccessKeyId: 'LTAI5tExample' },
  { access_key_secret: 'cn-hangzhou' },
  { apikey: 'my-api-key' },
  { tokens: ['first-token', 'second-token'] },
  { url: 'postgres://shop:pw@db.example/orders' },
  { value: 'e3b0c44298fc1c149afbf4c8996fb924' },
  { pem: '-----BEGIN CERTIFICATE-----' },
  { nested: [{ dbPassword: 'correct-horse' }] },
])('taints a credential: %j', (json) => {
  expect(partsOf(json)).toEqual(Object.values(json.nested?.[0] ?? json).flat());
});

test('taints all strings below a field with the name of a credential', () => {
  expect(partsOf({ passwords: { current: 'correct-horse', previous: 'battery-staple' } })).toEqual([
    'correct-horse',
    'battery-staple',
  ]);
});

test('taints the whole text of a secret, whatever it looks like', () => {
  const secret = new Secret({ name: 'db', versionId: 'v1', dataType: 'text', value: 'cn-hangzhou' });

  expect([...taintedPartsOf(secret)]).toEqual(['cn-hangzhou']);
});

test('the error of a tainted secret warns of a server action inside a component', () => {
  expect(taintMessage(secretOf('s3cret-one'))).toMatch(
    /^Secret "prod\/db" must not be sent to the browser\. .*server action inside a component.*inside the action\.$/u,
  );
});
