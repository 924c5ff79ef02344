// A real Prometheus scrapes a service whose KMS fails. The alerts of @kms-secrets/opentelemetry fire, and are resolved after it.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { prometheusMetrics } from '@kms-secrets/opentelemetry/prometheus';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { hastenRules, startPrometheus } from './prometheus.ts';
import type { Prometheus } from './prometheus.ts';

const folder = new URL('../../packages/opentelemetry/', import.meta.url);

interface Fixture {
  readonly kms: FakeKms;
  readonly client: SecretClient;
  readonly prometheus: Prometheus;
  /** Whether the scrapes accept OpenMetrics. */
  readonly formats: ReadonlySet<unknown>;
}

async function setUp(): Promise<Fixture> {
  const kms = await startFakeKms();
  onTestFinished(() => kms.close());
  kms.put('db', 's3cret-db');
  kms.put('api', 's3cret-api');
  const client = createSecretClient({
    configFile: kms.writeProperties(),
    ttl: '2s',
    staleIfError: '1h',
    negativeTtl: '1s',
    attemptTimeout: '1s',
    retry: { maxAttempts: 1 },
    preload: ['db', 'api'],
  });
  onTestFinished(() => client.close());
  await client.ready();
  const metrics = prometheusMetrics({ clients: [client] });
  const formats = new Set<unknown>();
  const server = createServer((request, response) => {
    metrics.handle(request, response);
    formats.add(request.headers.accept?.includes('application/openmetrics-text'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const rules = hastenRules(readFileSync(new URL('alerts.yaml', folder), 'utf8'));
  const prometheus = await startPrometheus(`127.0.0.1:${port}`, rules);
  onTestFinished(() => prometheus.stop());
  await expect.poll(() => prometheus.query('kms_secrets_fresh == 2').catch(() => 0)).toBe(1);
  return { kms, client, prometheus, formats };
}

/** Reads both secrets twice a second, as a service does. */
function readAllTheTime(client: SecretClient): void {
  const timer = setInterval(() => void client.getMany(['db', 'api']).catch(() => {}), 500);
  onTestFinished(() => clearInterval(timer));
}

test('the alerts fire in an outage, for a rejected identity and a refused secret, and are resolved after each', async () => {
  const { kms, client, prometheus, formats } = await setUp();
  readAllTheTime(client);
  const fires = async (...alerts: readonly string[]): Promise<void> => {
    await expect.poll(prometheus.firing, { timeout: 90_000, interval: 200 }).toEqual(alerts);
  };
  await fires();

  await kms.stop('cn-hangzhou');
  await fires('KmsSecretsBreakerOpen', 'KmsSecretsExpireSoon', 'KmsSecretsStale');
  await kms.start('cn-hangzhou');
  await fires();

  kms.removeAccessKey(kms.accessKey.accessKeyId);
  await fires('KmsSecretsExpireSoon', 'KmsSecretsIdentityRejected', 'KmsSecretsStale');
  kms.addAccessKey(kms.accessKey);
  await fires();

  kms.deny('db');
  await fires('KmsSecretsRefused');
  kms.allow('db');
  await fires();

  expect(await prometheus.errors()).toEqual([]);
  expect(formats).toEqual(new Set([true]));
}, 300_000);

test('Prometheus answers every query of the dashboard', async () => {
  const { client, prometheus } = await setUp();
  readAllTheTime(client);
  const { panels } = JSON.parse(readFileSync(new URL('dashboard.json', folder), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const queries = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      title,
      query: expr.replaceAll(/\$(?:job|instance)/gu, '.*').replaceAll('$__rate_interval', '5s'),
    })),
  );
  // Nothing has failed, rotated or expired yet, there is no store, and no name is allowed.
  const withoutData = new Set([
    'Time until stale values expire',
    'Failed requests',
    'Rotation lag',
    'Client keys, CAs and credentials',
    'Secrets of the option names',
    'Stores',
  ]);
  for (const { title, query } of queries) {
    const expected = withoutData.has(title) ? 0 : 1;
    await expect.poll(() => prometheus.query(query)).toBeGreaterThanOrEqual(expected);
  }
});
