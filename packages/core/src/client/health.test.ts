import { describe, expect, test } from 'vitest';
import { healthOf } from './health.ts';
import type { HealthSource } from './health.ts';
import type { MemoryHealth } from '../memory/memory-status.ts';
import type { ClientHealth, EndpointStatus, IdentityStatus, SecretCounts, SecretStatus } from '../secret/status.ts';

const secret: SecretStatus = {
  name: 'db',
  stage: 'ACSCurrent',
  versionId: 'v1',
  type: 'Generic',
  age: 1_000,
  versionAge: undefined,
  rotationLag: undefined,
  ttl: 3_600_000,
  freshness: 'fresh',
  pinned: 0,
  lastReadAgo: 10,
  expiresIn: 90_000_000,
  rotation: undefined,
  nextRefreshIn: 3_000_000,
  lastFailure: { code: 'ERR_REQUEST_REJECTED', message: 'The clock is wrong', ago: 1, failingFor: 1, times: 1 },
};

const endpoint = (state: EndpointStatus['state']): EndpointStatus => ({
  endpoint: `${state}.example`,
  state,
  attempts: 1,
  failures: 0,
  failuresByKind: {},

  inFlight: 0,
  queued: 0,
  breaker: 'closed',
  probeIn: undefined,
  probes: 0,
  cooldownFor: undefined,
  hedges: 0,
  hedgesWon: 0,
  p95: undefined,
  sinceSuccess: undefined,
  failingFor: undefined,
  lastFailure: undefined,
});

const memory = (counts: Partial<SecretCounts> = { fresh: 1 }): MemoryHealth => ({
  counts: { fresh: 0, stale: 0, expired: 0, failing: 0, refused: 0, missing: 0, ...counts },
  required: [],
  refused: { names: [], since: undefined },
  missing: { count: 0, names: [], since: undefined },
  rotation: { count: 0, names: [], since: undefined },
  failingFor: undefined,
  expiresIn: undefined,
});

const accepted: IdentityStatus = { state: 'accepted', rejection: undefined };
const rejected: IdentityStatus = {
  state: 'rejected',
  rejection: { endpoint: 'kms.example', code: 'InvalidAccessKeyId.NotFound', message: 'Rejected.', ago: 5_000 },
};

const source = (fields: Partial<HealthSource> = {}): HealthSource => ({
  isClosed: false,
  memory: memory(),
  identity: accepted,
  endpoints: [endpoint('healthy')],
  stores: [],
  expiries: [],
  isInMemory: (name) => name === 'db',
  list: () => [secret],
  ...fields,
});

describe('the health of a client is', () => {
  test.each<[ClientHealth['status'], string, HealthSource]>([
    ['ok', 'serves fresh secrets', source()],
    ['ok', 'has read nothing yet', source({ memory: memory({}), endpoints: [endpoint('unknown')] })],
    ['degraded', 'serves a stale value', source({ memory: memory({ fresh: 1, stale: 1 }) })],
    ['degraded', 'could not refresh a fresh value', source({ memory: memory({ fresh: 1, failing: 1 }) })],
    ['degraded', 'has its identity rejected', source({ identity: rejected })],
    ['degraded', 'has a failing endpoint', source({ endpoints: [endpoint('failing'), endpoint('healthy')] })],
    ['degraded', 'has fresh values and no working endpoint', source({ endpoints: [endpoint('failing')] })],
    ['failing', 'holds an expired value', source({ memory: memory({ fresh: 1, expired: 1 }) })],
    [
      'failing',
      'holds nothing and has no working endpoint',
      source({ memory: memory({}), endpoints: [endpoint('failing')] }),
    ],
    ['failing', 'is closed', source({ isClosed: true })],
  ])('%s if it %s', (status, _, from) => {
    expect(healthOf(from).status).toBe(status);
  });

  test('failing while a required name is missing, and names it', () => {
    expect(healthOf(source(), { required: ['db', 'api'] })).toMatchObject({ status: 'failing', missing: ['api'] });
    expect(healthOf(source(), { required: ['db'] })).toMatchObject({ status: 'ok', missing: [] });
  });
});

test('a problem has been there since the longest of the failures that it counts', () => {
  const since = (...times: readonly (number | undefined)[]): number | undefined => {
    const endpoints = times.map((failingFor) => ({ ...endpoint('failing'), failingFor }));
    return healthOf(source({ endpoints })).problems[0]?.since;
  };

  expect([
    since(5_000, 9_000),
    since(9_000, 5_000),
    since(undefined, 7_000),
    since(7_000, undefined),
    since(undefined),
  ]).toEqual([9_000, 9_000, 7_000, 7_000, undefined]);
});

test('health has names, versions and ages, and no message', () => {
  expect(healthOf(source({ memory: memory({ fresh: 1, failing: 1 }) }), { details: true })).toEqual({
    status: 'degraded',
    problems: [{ kind: 'refresh', status: 'degraded', count: 1, names: [], since: undefined, expiresIn: undefined }],
    missing: [],
    counts: { fresh: 1, stale: 0, expired: 0, failing: 1, refused: 0, missing: 0 },
    identity: 'accepted',
    endpoints: [{ endpoint: 'healthy.example', state: 'healthy', failingFor: undefined }],
    stores: [],
    secrets: [{ name: 'db', versionId: 'v1', freshness: 'fresh', age: 1_000 }],
  });
});

test('costs one look-up per required name, and lists no secret without details', () => {
  const lookups: string[] = [];
  const required = Array.from({ length: 2_000 }, (_, index) => `secret-${index}`);
  const isInMemory = (name: string): boolean => lookups.push(name) > 0;
  const list = (): never => expect.fail('Health must not list 100,000 secrets.');

  const health = healthOf(source({ memory: memory({ fresh: 100_000 }), isInMemory, list }), { required });

  expect(health.status).toBe('ok');
  expect(lookups).toEqual(required);
});
