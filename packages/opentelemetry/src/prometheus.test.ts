import { spawnSync } from 'node:child_process';
import { tracingChannel } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { FakeStore } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { measuredClient } from './clients.fixture.ts';
import { Histogram } from './histogram.ts';
import { fetchDuration, metrics } from './metrics.ts';
import { familyName, observedLines } from './prometheus-text.ts';
import { prometheusMetrics } from './prometheus.ts';
import type { PrometheusMetrics, PrometheusOptions } from './prometheus.ts';

function measure(options: PrometheusOptions = {}): PrometheusMetrics {
  const measured = prometheusMetrics(options);
  onTestFinished(() => measured.close());
  return measured;
}

/** What `promtool check metrics` reports, which parses the text as Prometheus does. */
function promtool(text: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/** The value of a series in the text. */
function valueOf(text: string, series: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // it listens on TCP
}

test('promtool accepts every metric of a client that has failed, rotated and served stale values', async () => {
  const store = new FakeStore();
  const { client, clock, kms } = measuredClient(['db'], { stores: [store] });
  const measured = measure({ clients: [client], names: ['db'] });
  const managed = (versionId: string): void =>
    kms.put('db', versionId, {
      rotation: { state: 'Enabled', interval: 86_400_000, lastAt: clock.date(), nextAt: clock.date() + 60_000 },
    });
  managed('v1');
  await client.get('db');
  managed('v2');
  await client.refresh('db');
  kms.fail('unreachable');
  await clock.pass('20m');
  await client.get('db');
  const text = measured.text();
  const absent = metrics
    .map(familyName)
    .filter((family) => !text.includes(`\n# TYPE ${family}`) && !text.startsWith(`# HELP ${family}`));

  expect(promtool(text)).toEqual({ status: 0, output: '' });
  expect(absent).toEqual([
    'kms_secrets_client_key_expires_in_seconds',
    'kms_secrets_ca_expires_in_seconds',
    'kms_secrets_credentials_expires_in_seconds',
  ]);
  expect(valueOf(text, 'kms_secrets_stale')).toBe('1');
  expect(valueOf(text, 'kms_secrets_reads_total{freshness="stale"}')).toBe('1');
  expect(valueOf(text, 'kms_secrets_rotation_missed')).toBe('1');
  expect(valueOf(text, 'kms_secrets_rotation_lag_seconds_count{kms_secrets_secret_name="db"}')).toBe('1');
  expect(text).toContain(
    'kms_secrets_fetch_duration_seconds_bucket{kms_secrets_secret_name="db",server_address="kms.example",le="+Inf"} 2\n',
  );
});

test('responds in the format that the scraper accepts', async () => {
  const { client } = measuredClient();
  const measured = measure({ clients: [client] });
  await client.get('db');
  const respond = (init: RequestInit = {}): Response => measured.respond(new Request('http://localhost/metrics', init));
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const plain = respond();
  const open = respond({ headers: { accept } });
  const openText = await open.text();

  expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await plain.text()).toContain('# TYPE kms_secrets_reads_total counter\n');
  expect(open.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(openText).toContain('# TYPE kms_secrets_reads counter\nkms_secrets_reads_total{freshness="fresh"} 0\n');
  expect(openText).toContain('# UNIT kms_secrets_oldest_age_seconds seconds\n');
  expect(openText).toContain('le="1.0"');
  expect(openText.endsWith('\n# EOF\n')).toBe(true);
  expect(openText.match(/# EOF/gu)?.length).toBe(1);
});

test('responds to HEAD without a body, and to POST with 405', async () => {
  const measured = measure({ clients: [] });
  const head = measured.respond(new Request('http://localhost/metrics', { method: 'HEAD' }));
  const post = measured.respond(new Request('http://localhost/metrics', { method: 'POST' }));

  expect([head.status, await head.text()]).toEqual([200, '']);
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('names and labels with quotes, backslashes and newlines are escaped', async () => {
  const name = 'prod/"db"\\n{a="b"} 1';
  const { client } = measuredClient([name]);
  const measured = measure({ clients: { 'a "b"\n': client }, names: [name, 'no\nname'] });
  await client.get(name);
  const text = measured.text();

  expect(promtool(text)).toEqual({ status: 0, output: '' });
  expect(text).toContain('kms_secrets_secret_name="prod/\\"db\\"\\\\n{a=\\"b\\"} 1"');
  expect(text).toContain('kms_secrets_client="a \\"b\\"\\n"');
});

test('numbers are written as Prometheus reads them', () => {
  const metric = {
    name: 'kms_secrets.x',
    unit: '1',
    description: 'a\nb\\c',
    kind: 'gauge',
    merge: 'max',
    of: () => [],
  } as const;
  const samples = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -1.5, 1e21].map((value, index) => ({
    value,
    attributes: { index: String(index) },
  }));
  const text = observedLines(metric, samples, 'prometheus');

  expect(text.split('\n').slice(0, 4)).toEqual([
    '# HELP kms_secrets_x a\\nb\\\\c',
    '# TYPE kms_secrets_x gauge',
    'kms_secrets_x{index="0"} +Inf',
    'kms_secrets_x{index="1"} -Inf',
  ]);
  expect(promtool(text)).toEqual({ status: 0, output: '' });
});

test('1,000 secrets have as many series as one', async () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `app/secret-${index}`);
  const limits = { requestsPerSecond: 100_000, concurrentRequests: 10_000 };
  const one = measuredClient(['db']);
  const many = measuredClient(names, { limits });
  await one.client.get('db');
  await many.client.getMany(names);
  const small = measure({ clients: [one.client] }).text();
  const large = measure({ clients: [many.client] }).text();

  expect(valueOf(large, 'kms_secrets_fresh')).toBe('1000');
  expect(large.split('\n').length).toBe(small.split('\n').length);
  expect(large.length).toBeLessThan(10_000);
  expect(large).not.toContain('app/secret');
});

test('a scrape that hangs holds nothing', async () => {
  const { client } = measuredClient();
  const measured = measure({ clients: [client] });
  let pending = 0;
  const server = createServer((request, response) => {
    measured.handle(request, response);
    pending = Math.max(pending, response.writableLength);
  });
  const port = await listen(server);
  const sockets = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').pause());
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map(sendRequest));
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);

  expect([response.status, await response.text()]).toEqual([200, measured.text()]);
  await expect.poll(() => pending).toBeLessThan(16_384);
  expect(client.stats().inFlight).toBe(0);
});

function sendRequest(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject).write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n', () => resolve());
  });
}

test('a scrape during an outage of KMS sends no request and does not wait', async () => {
  const { client, kms, clock } = measuredClient();
  const measured = measure({ clients: [client] });
  await client.get('db');
  kms.fail('hang');
  await clock.pass('6m');
  const before = kms.requests.length;
  const text = measured.text();

  expect(kms.requests.length).toBe(before);
  expect(valueOf(text, 'kms_secrets_oldest_age_seconds')).toMatch(/^3[56]\d/u);
});

test('the subscriptions end with the last given client, and its counts stay', async () => {
  const one = measuredClient();
  const two = measuredClient();
  const measured = measure({ clients: [one.client, two.client] });
  await one.client.get('db');
  await one.client.close();
  expect(tracingChannel('kms-secrets:fetch').hasSubscribers).toBe(true);
  await two.client.close();

  expect(tracingChannel('kms-secrets:fetch').hasSubscribers).toBe(false);
  expect(valueOf(measured.text(), 'kms_secrets_reads_total{freshness="fetched"}')).toBe('1');
});

test('has nothing more after close, and no subscription', async () => {
  const { client } = measuredClient();
  const measured = prometheusMetrics({ clients: [client] });
  await client.get('db');
  measured.close();
  await client.refresh('db');

  expect(measured.text()).toBe('');
  expect(tracingChannel('kms-secrets:fetch').hasSubscribers).toBe(false);
});

test('more series of a histogram than the limit are counted as one', () => {
  const histogram = new Histogram(fetchDuration);
  for (let index = 0; index < 3_000; index += 1) histogram.record(0.1, { 'server.address': `kms-${index}.example` });

  expect(histogram.series.length).toBe(2_001);
  expect(histogram.series.at(-1)).toMatchObject({
    attributes: { 'otel.metric.overflow': 'true' },
    sum: expect.closeTo(100, 5),
  });
});
