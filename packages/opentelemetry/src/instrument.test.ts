import { context, metrics as globalMetrics, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ContextManager } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { Histogram as HistogramValue } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { expect, onTestFinished, test } from 'vitest';
import { warnOfOtherApi } from './api-version.ts';
import { measuredClient } from './clients.fixture.ts';
import { instrumentSecrets } from './index.ts';
import type { InstrumentOptions } from './index.ts';

interface Telemetry {
  readonly stop: () => void;
  /** The values of a metric now, by its attributes as JSON. */
  readonly values: (name: string) => Promise<Readonly<Record<string, unknown>>>;
  /** The names of all metrics that have a value. */
  readonly names: () => Promise<readonly string[]>;
  readonly spans: InMemorySpanExporter;
}

/** Instruments clients with the released SDK. */
function instrument(options: InstrumentOptions = {}): Telemetry {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const stop = instrumentSecrets({ meterProvider, tracerProvider, ...options });
  onTestFinished(async () => {
    stop();
    await meterProvider.shutdown();
  });
  const collect = async () => {
    exporter.reset();
    await reader.forceFlush();
    return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: found }) => found));
  };
  return {
    stop,
    spans,
    names: async () =>
      (await collect()).filter(({ dataPoints }) => dataPoints.length > 0).map((each) => each.descriptor.name),
    values: async (name) => {
      const points = (await collect()).find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
      return Object.fromEntries(points.map(({ attributes, value }) => [JSON.stringify(attributes), value]));
    },
  };
}

test('counts reads by freshness, requests and failures by endpoint and kind', async () => {
  const { client, clock, kms } = measuredClient();
  const { values } = instrument({ clients: [client] });
  await client.get('db');
  await client.get('db');
  kms.fail('unreachable');
  await clock.pass('6m');
  await client.get('db');

  expect(await values('kms_secrets.reads')).toEqual({
    '{"freshness":"fresh"}': 1,
    '{"freshness":"stale"}': 1,
    '{"freshness":"fetched"}': 1,
  });
  const { requests, failures } = client.stats();
  expect(await values('kms_secrets.requests')).toEqual({ '{"server.address":"kms.example"}': requests });
  expect(await values('kms_secrets.failures')).toEqual({
    '{"error.type":"unreachable","server.address":"kms.example"}': failures.unreachable,
  });
  expect(await values('kms_secrets.stale')).toEqual({ '{}': 1 });
  expect(await values('kms_secrets.endpoint.failing')).toEqual({ '{"server.address":"kms.example"}': 1 });
});

test('measures ages in seconds', async () => {
  const { client, clock } = measuredClient(['db', 'api']);
  const { values } = instrument({ clients: [client] });
  await client.get('db');
  await clock.pass('90s');
  await client.get('api');
  await clock.pass('10s');
  const [age] = Object.values(await values('kms_secrets.oldest.age'));

  expect(age).toBeCloseTo(100, 0);
  expect(Object.values(await values('kms_secrets.since_success'))[0]).toBeCloseTo(10, 0);
  expect(await values('kms_secrets.client_key.expires_in')).toEqual({});
});

test('records the duration of fetches, with the failure', async () => {
  const { client, clock, kms } = measuredClient();
  kms.delayResponses(250, clock);
  const { values } = instrument({ clients: [client] });
  const read = client.get('db');
  await clock.pass('1s');
  await read;
  kms.fail('denied');
  const refused = client.refresh('db').catch(() => {});
  await clock.pass('1s');
  await refused;
  const durations = await values('kms_secrets.fetch.duration');

  expect(durations['{"server.address":"kms.example"}']).toMatchObject({ count: 1, sum: expect.closeTo(0.25, 1) });
  expect(durations['{"server.address":"kms.example","error.type":"denied"}']).toMatchObject({ count: 1 });
  const { buckets } = durations['{"server.address":"kms.example"}'] as HistogramValue;
  expect(buckets.boundaries).toContain(0.05);
});

test('records the lag of a rotation', async () => {
  const { client, clock, kms } = measuredClient([]);
  const managed = (versionId: string) =>
    kms.put('db', versionId, {
      rotation: { state: 'Enabled', interval: undefined, lastAt: clock.date() - 20_000, nextAt: undefined },
    });
  managed('v1');
  const { values } = instrument({ clients: [client] });
  await client.get('db');
  managed('v2');
  await client.refresh('db');

  expect(await values('kms_secrets.rotation.lag')).toMatchObject({ '{}': { count: 1, sum: 20 } });
  expect(await values('kms_secrets.rotations')).toEqual({ '{}': 1 });
});

test('every fetch is one root span, of kind INTERNAL, without the name of its secret', async () => {
  const { client, kms } = measuredClient();
  const { spans } = instrument({ clients: [client] });
  await client.get('db');
  kms.fail('throttled');
  await client.refresh('db').catch(() => {});
  const [ok, failed] = spans.getFinishedSpans();

  expect(spans.getFinishedSpans().length).toBe(2);
  expect(ok).toMatchObject({
    name: 'kms_secrets.fetch',
    kind: SpanKind.INTERNAL,
    parentSpanContext: undefined,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'server.address': 'kms.example',
      'kms_secrets.fetch.purpose': 'read',
      'kms_secrets.fetch.source': 'kms',
      'kms_secrets.fetch.failed_attempts': 0,
    },
  });
  expect(failed).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'throttled', 'kms_secrets.fetch.purpose': 'forced' },
  });
  expect(JSON.stringify([ok?.attributes, failed?.attributes, failed?.status, failed?.events])).not.toMatch(
    /db|s3cret-/u,
  );
});

test('the span of a fetch has no parent, although the client was created in a span', async () => {
  const parent = new BasicTracerProvider().getTracer('app').startSpan('start of the app');
  // Every task of the process is in this span.
  const manager: ContextManager = {
    active: () => trace.setSpan(ROOT_CONTEXT, parent),
    with: (...[, task, self, ...values]) => task.call(self as never, ...values),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  context.setGlobalContextManager(manager);
  onTestFinished(() => context.disable());
  const { client } = measuredClient();
  const { spans } = instrument({ clients: [client] });
  await client.get('db');
  const [span] = spans.getFinishedSpans();

  expect(span?.name).toBe('kms_secrets.fetch');
  expect(span?.parentSpanContext).toBe(undefined);
  expect(span?.spanContext().traceId).not.toBe(parent.spanContext().traceId);
});

test('a name appears only if it is allowed', async () => {
  const { client } = measuredClient(['db', 'api']);
  const { spans, values } = instrument({ clients: [client], names: ['db'] });
  await client.getMany(['db', 'api']);

  expect(Object.keys(await values('kms_secrets.secret.age'))).toEqual(['{"kms_secrets.secret.name":"db"}']);
  const names = spans.getFinishedSpans().map(({ attributes }) => attributes['kms_secrets.secret.name']);
  expect(new Set(names)).toEqual(new Set(['db', undefined]));
  expect(names.length).toBe(2);
});

test('two clients of a list are one series, those of an object two', async () => {
  const one = measuredClient();
  const two = measuredClient(['db'], { endpoint: 'kms.other' });
  const asOne = instrument({ clients: [one.client, two.client] });
  const asTwo = instrument({ clients: { orders: one.client, audit: two.client } });
  await one.client.get('db');
  await two.client.get('db');

  expect(await asOne.values('kms_secrets.fresh')).toEqual({ '{}': 2 });
  expect(await asTwo.values('kms_secrets.fresh')).toEqual({
    '{"kms_secrets.client":"orders"}': 1,
    '{"kms_secrets.client":"audit"}': 1,
  });
  expect(Object.keys(await asTwo.values('kms_secrets.fetch.duration'))).toEqual([
    '{"kms_secrets.client":"orders","server.address":"kms.example"}',
    '{"kms_secrets.client":"audit","server.address":"kms.other"}',
  ]);
});

test('without a list, every client is measured: a new one at once, an older one with its next fetch', async () => {
  const older = measuredClient();
  await older.client.get('db');
  const { values } = instrument();
  expect(await values('kms_secrets.fresh')).toEqual({});
  const newer = measuredClient();
  expect(await values('kms_secrets.requests')).toEqual({ '{"server.address":"kms.example"}': 0 });
  await newer.client.get('db');
  await older.client.refresh('db');

  expect(await values('kms_secrets.fresh')).toEqual({ '{}': 2 });
});

test('a closed client leaves the gauges, and its counts stay', async () => {
  const one = measuredClient();
  const two = measuredClient();
  const { values } = instrument({ clients: [one.client, two.client] });
  await one.client.get('db');
  await one.client.get('db');
  await two.client.get('db');
  await one.client.close();

  expect(await values('kms_secrets.fresh')).toEqual({ '{}': 1 });
  expect(await values('kms_secrets.reads')).toMatchObject({ '{"freshness":"fresh"}': 1, '{"freshness":"fetched"}': 2 });
  await two.client.close();
  expect(await values('kms_secrets.reads')).toMatchObject({ '{"freshness":"fetched"}': 2 });
});

test('a client that is not in the list is not measured', async () => {
  const measured = measuredClient();
  const other = measuredClient();
  const { spans, values } = instrument({ clients: [measured.client] });
  await other.client.get('db');

  expect(await values('kms_secrets.fetch.duration')).toEqual({});
  expect(spans.getFinishedSpans()).toEqual([]);
});

test('a global provider that is registered later is used from the next fetch on', async () => {
  const { client } = measuredClient();
  const stop = instrumentSecrets({ clients: [client], tracerProvider: false });
  onTestFinished(() => {
    stop();
    globalMetrics.disable();
  });
  await client.get('db');
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  globalMetrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  await client.refresh('db');
  await reader.forceFlush();
  const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  await reader.shutdown();

  expect(found.find(({ descriptor }) => descriptor.name === 'kms_secrets.fresh')?.dataPoints).toMatchObject([
    { value: 1 },
  ]);
  expect(found.find(({ descriptor }) => descriptor.name === 'kms_secrets.fetch.duration')?.dataPoints).toMatchObject([
    { value: { count: 1 } },
  ]);
});

test('ends everything when it is stopped', async () => {
  const { client } = measuredClient();
  const { spans, stop, values } = instrument({ clients: [client] });
  await client.get('db');
  stop();
  stop();
  await client.refresh('db');

  expect(await values('kms_secrets.fresh')).toEqual({});
  expect(spans.getFinishedSpans().length).toBe(1);
  expect(tracingChannel('kms-secrets:fetch').hasSubscribers).toBe(false);
  expect(channel('kms-secrets:rotated').hasSubscribers).toBe(false);
});

test('refuses options that would measure nothing', () => {
  expect(() => instrumentSecrets({ clients: [{} as never] })).toThrow(
    'clients.0 must be a client of createSecretClient().',
  );
  expect(() => instrumentSecrets({ names: 'db' as never })).toThrow('The option names must be a list');
  expect(() => instrumentSecrets({ names: Array.from({ length: 101 }, (_, index) => `secret-${index}`) })).toThrow(
    'The option names has 101 names; 100 are allowed.',
  );
  const unlike = { getMeter: () => ({ createCounter: () => {} }) } as never;
  expect(() => instrumentSecrets({ meterProvider: unlike })).toThrow(
    'must be a MeterProvider of @opentelemetry/api 1.x',
  );
  expect(() => instrumentSecrets({ meterProvider: false, tracerProvider: {} as never })).toThrow(
    'must be a TracerProvider of @opentelemetry/api 1.x',
  );
  expect(tracingChannel('kms-secrets:fetch').hasSubscribers).toBe(false);
});

test('warns of an SDK that registered another major version of the API', () => {
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  warnOfOtherApi({}, warn);
  warnOfOtherApi({ [Symbol.for('opentelemetry.js.api.1')]: {}, [Symbol.for('opentelemetry.js.api.2')]: {} }, warn);
  expect(warnings).toEqual([]);
  warnOfOtherApi({ [Symbol.for('opentelemetry.js.api.2')]: {} }, warn);

  expect(warnings).toEqual([expect.stringContaining('registered version 2: no metric and no span arrives')]);
});
