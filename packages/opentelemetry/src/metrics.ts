// The metrics of a client, for OpenTelemetry and Prometheus. The README, alerts.yaml and dashboard.json use these names.

import type { ClientDescription, ClientHealth, ClientStats, HealthProblem, SecretStatus } from '@kms-secrets/core';
import type { Merge, Sample } from './samples.ts';

interface Description {
  /** As OpenTelemetry names it, without the unit. */
  readonly name: string;
  /** A unit of UCUM: `s`, or what is counted, such as `{secret}`. */
  readonly unit: string;
  readonly description: string;
}

/** What is known of a client at one moment. */
export interface ClientView {
  readonly stats: ClientStats;
  readonly health: ClientHealth;
  /** Without its secrets. */
  readonly description: ClientDescription;
  /** Of the secrets whose names are allowed. */
  readonly allowed: readonly SecretStatus[];
}

/** A metric that is read from the state of a client. */
export interface ObservedMetric extends Description {
  readonly kind: 'counter' | 'gauge';
  readonly merge: Merge;
  readonly of: (client: ClientView) => readonly Sample[];
}

/** A metric that is recorded as fetches and rotations end. */
export interface RecordedMetric extends Description {
  readonly kind: 'histogram';
  /** The upper bounds of the buckets, ascending. */
  readonly bounds: readonly number[];
}

export type Metric = ObservedMetric | RecordedMetric;

export const fetchDuration: RecordedMetric = {
  name: 'kms_secrets.fetch.duration',
  unit: 's',
  description: 'Duration of a fetch with all its attempts.',
  kind: 'histogram',
  bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
};

export const rotationLag: RecordedMetric = {
  name: 'kms_secrets.rotation.lag',
  unit: 's',
  description: 'Time from a rotation in KMS to the arrival of the new version in the client.',
  kind: 'histogram',
  bounds: [1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400],
};

const secretCounts: readonly (readonly [keyof ClientHealth['counts'], string])[] = [
  ['fresh', 'Secrets in memory that are within their TTL.'],
  ['stale', 'Secrets in memory past their TTL. They are served while KMS is unavailable.'],
  ['expired', 'Secrets in memory past TTL and staleIfError. They are not served.'],
  ['failing', 'Secrets in memory whose last refresh failed.'],
  ['refused', 'Secrets that KMS refuses: denied, disabled or not found.'],
  ['missing', 'Pinned secrets that are neither in memory nor refused.'],
];

const expiryKinds = [
  ['client_key', 'clientKey', 'Time until the first client key expires; negative if it has expired.'],
  ['ca', 'ca', 'Time until the first certificate authority expires; negative if it has expired.'],
  ['credentials', 'credentials', 'Time until temporary credentials expire that could not be renewed.'],
] as const;

export const observedMetrics: readonly ObservedMetric[] = [
  {
    ...counter(
      'kms_secrets.reads',
      '{read}',
      'Reads: fresh and stale ones from memory, and those that waited for a fetch.',
    ),
    of: ({ stats }) => [
      { value: stats.hits, attributes: { freshness: 'fresh' } },
      { value: stats.staleReads, attributes: { freshness: 'stale' } },
      { value: stats.misses, attributes: { freshness: 'fetched' } },
    ],
  },
  {
    ...counter('kms_secrets.requests', '{request}', 'Requests to KMS: attempts at an endpoint.'),
    of: ({ description }) =>
      description.endpoints.map(({ endpoint, attempts }) => ({
        value: attempts,
        attributes: { 'server.address': endpoint },
      })),
  },
  {
    ...counter('kms_secrets.failures', '{request}', 'Failed requests to KMS by kind, with the refusals of KMS.'),
    of: ({ description }) =>
      description.endpoints.flatMap(({ endpoint, failuresByKind }) =>
        Object.entries(failuresByKind).map(([kind, value]) => ({
          value,
          attributes: { 'error.type': kind, 'server.address': endpoint },
        })),
      ),
  },
  {
    ...counter('kms_secrets.rotations', '{rotation}', 'New versions of secrets that were in memory.'),
    of: ({ stats }) => [sample(stats.rotations)],
  },
  {
    ...counter('kms_secrets.store.failures', '{operation}', 'Failed operations of the stores.'),
    of: ({ stats }) => [sample(stats.storeFailures)],
  },
  ...secretCounts.map(([freshness, description]): ObservedMetric => ({
    ...gauge(`kms_secrets.${freshness}`, '{secret}', description),
    merge: 'sum',
    of: ({ health }) => [sample(health.counts[freshness])],
  })),
  {
    ...gauge('kms_secrets.oldest.age', 's', 'Age of the oldest value in memory.'),
    of: ({ description }) => seconds(description.oldestAge),
  },
  {
    ...gauge('kms_secrets.stale.expires_in', 's', 'Time until the first stale value is no longer served.'),
    merge: 'min',
    of: ({ health }) => seconds(problemOf(health, 'stale')?.expiresIn),
  },
  {
    ...gauge('kms_secrets.since_success', 's', 'Time since an endpoint returned a secret.'),
    of: ({ description }) => {
      const times = description.endpoints.flatMap(({ sinceSuccess }) => sinceSuccess ?? []);
      return times.length === 0 ? [] : seconds(Math.min(...times));
    },
  },
  {
    ...gauge('kms_secrets.rotation.missed', '{secret}', 'Secrets that KMS has not rotated at the announced date.'),
    merge: 'sum',
    of: ({ health }) => [sample(problemOf(health, 'rotation')?.count ?? 0)],
  },
  {
    ...gauge('kms_secrets.endpoint.failing', '1', 'Whether the last attempt at an endpoint failed.'),
    of: ({ description }) =>
      description.endpoints.map(({ endpoint, state }) => flag(state === 'failing', { 'server.address': endpoint })),
  },
  {
    ...gauge('kms_secrets.breaker.open', '1', 'Whether the circuit breaker of an endpoint is open.'),
    of: ({ description }) =>
      description.endpoints.map(({ endpoint, breaker }) => flag(breaker !== 'closed', { 'server.address': endpoint })),
  },
  {
    ...gauge('kms_secrets.identity.rejected', '1', 'Whether KMS rejects the credentials or the client key.'),
    of: ({ health }) => [flag(health.identity === 'rejected')],
  },
  {
    ...gauge('kms_secrets.store.unavailable', '1', 'Whether a store fails, in a part or as a whole.'),
    of: ({ description }) => description.stores.map(({ store, state }) => flag(state !== 'working', { store })),
  },
  ...expiryKinds.map(([name, kind, description]): ObservedMetric => ({
    ...gauge(`kms_secrets.${name}.expires_in`, 's', description),
    merge: 'min',
    of: (client) => {
      const times = client.description.expiries.flatMap((expiry) => (expiry.kind === kind ? expiry.expiresIn : []));
      return times.length === 0 ? [] : seconds(Math.min(...times));
    },
  })),
  {
    ...gauge('kms_secrets.secret.age', 's', 'Age of the value of a secret in the option names.'),
    of: ({ allowed }) => allowed.flatMap(({ name, age }) => seconds(age, { 'kms_secrets.secret.name': name })),
  },
];

export const metrics: readonly Metric[] = [...observedMetrics, fetchDuration, rotationLag];

function counter(name: string, unit: string, description: string): Omit<ObservedMetric, 'of'> {
  return { name, unit, description, kind: 'counter', merge: 'sum' };
}

/** A gauge that has the worst, largest number of all clients. */
function gauge(name: string, unit: string, description: string): Omit<ObservedMetric, 'of'> {
  return { name, unit, description, kind: 'gauge', merge: 'max' };
}

function sample(value: number, attributes: Sample['attributes'] = {}): Sample {
  return { value, attributes };
}

function flag(isSet: boolean, attributes?: Sample['attributes']): Sample {
  return sample(isSet ? 1 : 0, attributes);
}

function seconds(ms: number | undefined, attributes?: Sample['attributes']): readonly Sample[] {
  return ms === undefined ? [] : [sample(ms / 1_000, attributes)];
}

function problemOf({ problems }: ClientHealth, kind: HealthProblem['kind']): HealthProblem | undefined {
  return problems.find((problem) => problem.kind === kind);
}
