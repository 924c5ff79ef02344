import { expect, test } from 'vitest';
import { Secret } from '../secret/secret.ts';
import { minOwnTtl, ttlOf } from './secret-ttl.ts';
import type { EffectiveTtl } from './secret-ttl.ts';

function ttlFor(
  value: string,
  options: { configured?: number; property?: string | false; binary?: boolean } = {},
): EffectiveTtl {
  const secret = new Secret({
    name: 'db',
    versionId: 'v1',
    value,
    dataType: options.binary === true ? 'binary' : 'text',
  });
  return ttlOf(secret, {
    property: options.property ?? 'ttl',
    floor: minOwnTtl,
    configured: options.configured,
    defaultTtl: 3_600_000,
  });
}

test("a secret's own TTL takes precedence over the configured one", () => {
  expect(ttlFor('{"ttl":60000}', { configured: 5_000 }).ttl).toBe(60_000);
});

test('the TTL configured for a name takes precedence over the default', () => {
  expect(ttlFor('s3cret-plain', { configured: 5_000 }).ttl).toBe(5_000);
  expect(ttlFor('s3cret-plain').ttl).toBe(3_600_000);
});

test('raises a TTL below the floor and reports it', () => {
  expect(ttlFor('{"ttl":300}')).toEqual({ ttl: 10_000, raisedFrom: 300 });
});

test('limits a TTL to a year, which timers and dates can represent', () => {
  expect(ttlFor('{"ttl":1e300}')).toEqual({ ttl: 365 * 86_400_000, raisedFrom: undefined });
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
])('%s contains no TTL', (value) => {
  expect(ttlFor(value)).toEqual({ ttl: 3_600_000, raisedFrom: undefined });
});

test('the property can be renamed or switched off', () => {
  expect(ttlFor('{"refreshMs":60000}', { property: 'refreshMs' }).ttl).toBe(60_000);
  expect(ttlFor('{"ttl":60000}', { property: false }).ttl).toBe(3_600_000);
});

test('ignores the TTL of a binary secret', () => {
  expect(ttlFor('{"ttl":60000}', { binary: true }).ttl).toBe(3_600_000);
});
