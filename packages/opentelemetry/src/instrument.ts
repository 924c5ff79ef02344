import type { FetchMessage, Subscription } from '@kms-secrets/core';
import { metrics as globalMetrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Meter, MeterProvider, Observable, Span, TracerProvider } from '@opentelemetry/api';
import { warnOfOtherApi } from './api-version.ts';
import { fetchAttributes, MeasuredClientSet } from './clients.ts';
import { fetchDuration, observedMetrics, rotationLag } from './metrics.ts';
import type { ObservedMetric, RecordedMetric } from './metrics.ts';
import type { MeasuredClients } from './options.ts';
import type { Attributes } from './samples.ts';

/** Options of `instrumentSecrets`. */
export interface InstrumentOptions extends MeasuredClients {
  /** Default: the global one of `@opentelemetry/api`, which may be registered later. `false`: no metrics. */
  readonly meterProvider?: MeterProvider | false | undefined;
  /** Default: the global one of `@opentelemetry/api`, which may be registered later. `false`: no spans. */
  readonly tracerProvider?: TracerProvider | false | undefined;
}

const scope = '@kms-secrets/opentelemetry';

/**
 * Measures clients with OpenTelemetry: the metrics of the README, and a span for each fetch. Returns a function that ends this.
 *
 * Throws a `TypeError` if an option is invalid or a provider is that of an incompatible version of `@opentelemetry/api`.
 */
export function instrumentSecrets(options: InstrumentOptions = {}): Subscription {
  const { meterProvider = globalMetrics.getMeterProvider(), tracerProvider = trace } = options;
  if (options.meterProvider === undefined || options.tracerProvider === undefined) warnOfOtherApi();
  const meter = meterProvider === false ? undefined : meterOf(meterProvider);
  const spans = tracerProvider === false ? undefined : new FetchSpans(tracerProvider);
  const durations = meter && histogramOf(meter, fetchDuration);
  const lags = meter && histogramOf(meter, rotationLag);
  const clients = new MeasuredClientSet(options, {
    fetchStarted: (fetch, attributes) => spans?.start(fetch, attributes),
    fetchEnded: (fetch, attributes) => {
      durations?.record((fetch.duration ?? 0) / 1_000, { ...attributes, ...fetchAttributes(fetch) });
      spans?.end(fetch);
    },
    rotated: ({ lag }, attributes) => {
      if (lag !== undefined) lags?.record(lag / 1_000, attributes);
    },
  });
  const stopObserving = meter && observe(meter, clients);
  const stop = (): void => {
    stopObserving?.();
    clients.close();
    spans?.close();
  };
  return Object.assign(stop, { [Symbol.dispose]: stop });
}

/** Observes all metrics with one look at the clients per collection. */
function observe(meter: Meter, clients: MeasuredClientSet): () => void {
  const instruments = new Map<ObservedMetric, Observable>(
    observedMetrics.map((metric) => {
      const { name, unit, description, kind } = metric;
      const options = { unit, description };
      if (kind === 'counter') return [metric, meter.createObservableCounter(name, options)];
      return [metric, meter.createObservableGauge(name, options)];
    }),
  );
  const callback: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
    for (const [metric, samples] of clients.collect()) {
      const instrument = instruments.get(metric);
      if (instrument === undefined) continue;
      for (const { value, attributes } of samples) result.observe(instrument, value, attributes);
    }
  };
  const observables = [...instruments.values()];
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}

function histogramOf(meter: Meter, { name, unit, description, bounds }: RecordedMetric) {
  return meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: [...bounds] } });
}

function meterOf(provider: MeterProvider): Meter {
  const meter = (provider as Partial<MeterProvider>).getMeter?.(scope);
  if (typeof (meter as Partial<Meter> | undefined)?.addBatchObservableCallback === 'function') return meter as Meter; // checked
  throw new TypeError('The option meterProvider must be a MeterProvider of @opentelemetry/api 1.x.');
}

/** The spans of the fetches in flight. */
class FetchSpans {
  readonly #provider: TracerProvider;
  #spans = new WeakMap<FetchMessage, Span>();

  constructor(provider: TracerProvider) {
    if (typeof (provider as Partial<TracerProvider>).getTracer !== 'function') {
      throw new TypeError('The option tracerProvider must be a TracerProvider of @opentelemetry/api 1.x.');
    }
    this.#provider = provider;
  }

  /** A root span: readers share a fetch, and a refresh has none. The context is that in which the client was created. */
  start(fetch: FetchMessage, attributes: Attributes): void {
    const span = this.#provider.getTracer(scope).startSpan('kms_secrets.fetch', {
      kind: SpanKind.INTERNAL,
      root: true,
      attributes: { ...attributes, 'kms_secrets.fetch.purpose': fetch.purpose },
    });
    this.#spans.set(fetch, span);
  }

  end(fetch: FetchMessage): void {
    const span = this.#spans.get(fetch);
    if (span === undefined) return;
    this.#spans.delete(fetch);
    const { attempts = [], error, result, status } = fetch;
    span.setAttributes({ ...fetchAttributes(fetch), 'kms_secrets.fetch.failed_attempts': attempts.length });
    if (result !== undefined) span.setAttribute('kms_secrets.fetch.source', result.source);
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    // Without the message: it contains the name of the secret.
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }

  close(): void {
    this.#spans = new WeakMap();
  }
}
