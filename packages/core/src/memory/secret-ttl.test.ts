import { expect, test } from 'vitest';
import { Secret } from '../secret/secret.ts';
import { ttlOf } from './secret-ttl.ts';
import type { TtlChoice } from './secret-ttl.ts';

function choose(
  value: string,
  options: { named?: number; property?: string | false; binary?: boolean } = {},
): TtlChoice {
  const secret = new Secret({
    name: 'db',
    versionId: 'v1',
    value,
    dataType: options.binary === true ? 'binary' : 'text',
  });
  return ttlOf(secret, { property: options.property ?? 'ttl', floor: 10_000, named: options.named, usual: 3_600_000 });
}

test("a secret's own TTL wins over the one set for its name", () => {
  expect(choose('{"ttl":60000}', { named: 5_000 }).ttl).toBe(60_000);
});

test("the TTL set for a name wins over the client's", () => {
  expect(choose('s3cret-plain', { named: 5_000 }).ttl).toBe(5_000);
  expect(choose('s3cret-plain').ttl).toBe(3_600_000);
});

test('a TTL meant as seconds is raised to the floor, and told', () => {
  expect(choose('{"ttl":300}')).toEqual({ ttl: 10_000, raisedFrom: 300 });
});

test.each([
  '{"ttl":"1h"}',
  '{"ttl":0}',
  '{"ttl":-1}',
  '{"ttl":null}',
  '{"ttl":1e999}',
  '["ttl"]',
  '{"ttl":',
  '"ttl"',
  'null',
  '{"inner":{"ttl":60000}}',
])('%s holds no TTL', (value) => {
  expect(choose(value)).toEqual({ ttl: 3_600_000, raisedFrom: undefined });
});

test('the property can have another name, or none', () => {
  expect(choose('{"refreshMs":60000}', { property: 'refreshMs' }).ttl).toBe(60_000);
  expect(choose('{"ttl":60000}', { property: false }).ttl).toBe(3_600_000);
});

test('a binary secret has no properties', () => {
  expect(choose('{"ttl":60000}', { binary: true }).ttl).toBe(3_600_000);
});
