import { describe, expect, test } from 'vitest';
import { healthOf } from './health.ts';
import type { ClientDescription, EndpointStatus, SecretStatus } from '../secret/status.ts';

const secret = (fields: Partial<SecretStatus> = {}): SecretStatus => ({
  name: 'db',
  stage: 'ACSCurrent',
  versionId: 'v1',
  type: 'Generic',
  age: 1_000,
  ttl: 3_600_000,
  freshness: 'fresh',
  lastReadAgo: 10,
  nextRefreshIn: 3_000_000,
  lastFailure: undefined,
  ...fields,
});

const endpoint = (state: EndpointStatus['state']): EndpointStatus => ({
  endpoint: `${state}.example`,
  state,
  attempts: 1,
  failures: 0,
  inFlight: 0,
  queued: 0,
  breaker: 'closed',
  probeIn: undefined,
  probes: 0,
  cooldownFor: undefined,
  hedges: 0,
  hedgesWon: 0,
  p95: undefined,
  lastFailure: undefined,
});

const client = (fields: Partial<ClientDescription> = {}): ClientDescription => ({
  isClosed: false,
  secrets: [secret()],
  endpoints: [endpoint('healthy')],
  stores: [],
  ...fields,
});

const lastFailure = { code: 'ERR_REQUEST_REJECTED', message: 'The clock is wrong', ago: 1, times: 1 } as const;

describe('a client is', () => {
  test.each<[ReturnType<typeof healthOf>['status'], string, ClientDescription]>([
    ['ok', 'serves fresh secrets', client()],
    ['ok', 'has not been asked for anything yet', client({ secrets: [], endpoints: [endpoint('unknown')] })],
    ['degraded', 'serves an old value', client({ secrets: [secret(), secret({ freshness: 'stale' })] })],
    ['degraded', 'could not refresh what is still fresh', client({ secrets: [secret({ lastFailure })] })],
    ['degraded', 'has an endpoint that fails', client({ endpoints: [endpoint('failing'), endpoint('healthy')] })],
    ['degraded', 'reaches nobody, and holds fresh values', client({ endpoints: [endpoint('failing')] })],
    [
      'failing',
      'holds a value too old to be served',
      client({ secrets: [secret(), secret({ freshness: 'expired' })] }),
    ],
    ['failing', 'holds nothing and reaches nobody', client({ secrets: [], endpoints: [endpoint('failing')] })],
    ['failing', 'is closed', client({ isClosed: true })],
  ])('%s if it %s', (status, _, description) => {
    expect(healthOf(description).status).toBe(status);
  });

  test('failing while a required name is missing, which is told', () => {
    expect(healthOf(client(), ['db', 'api'])).toMatchObject({ status: 'failing', missing: ['api'] });
    expect(healthOf(client(), ['db'])).toMatchObject({ status: 'ok', missing: [] });
  });
});

test('names, versions and ages are told, and no message', () => {
  const described = client({ secrets: [secret({ lastFailure })] });

  expect(healthOf(described)).toEqual({
    status: 'degraded',
    missing: [],
    secrets: [{ name: 'db', versionId: 'v1', freshness: 'fresh', age: 1_000 }],
    endpoints: [{ endpoint: 'healthy.example', state: 'healthy' }],
  });
});
