import type { FetchMessage, Subscription } from '@kms-secrets/core';
import { createNoopMeter, metrics as globalMetrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Histogram, Meter, MeterProvider, Observable, Span, TracerProvider } from '@opentelemetry/api';
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
  const { meterProvider, tracerProvider = trace } = options;
  if (meterProvider === undefined || options.tracerProvider === undefined) warnOfOtherApi();
  const spans = tracerProvider === false ? undefined : new FetchSpans(tracerProvider);
  const metrics = meterProvider === false ? undefined : new ClientMetrics(meterProvider);
  const clients = new MeasuredClientSet(options, {
    fetchStarted: (fetch, attributes) => spans?.start(fetch, attributes),
    fetchEnded: (fetch, attributes) => {
      metrics?.fetched((fetch.duration ?? 0) / 1_000, { ...attributes, ...fetchAttributes(fetch) });
      spans?.end(fetch);
    },
    rotated: ({ lag }, attributes) => {
      if (lag !== undefined) metrics?.rotated(lag / 1_000, attributes);
    },
  });
  metrics?.observe(clients);
  const stop = (): void => {
    metrics?.close();
    clients.close();
    spans?.close();
  };
  return Object.assign(stop, { [Symbol.dispose]: stop });
}

interface Instruments {
  readonly durations: Histogram;
  readonly lags: Histogram;
  readonly stopObserving: () => void;
}

/** The instruments. Without a provider in the options, they are created when the global one is registered. */
class ClientMetrics {
  readonly #meter: Meter | undefined;
  #clients: MeasuredClientSet | undefined;
  #instruments: Instruments | undefined;

  constructor(provider: MeterProvider | undefined) {
    this.#meter = provider && meterOf(provider);
  }

  observe(clients: MeasuredClientSet): void {
    this.#clients = clients;
    this.#connect();
  }

  fetched(duration: number, attributes: Attributes): void {
    this.#connect()?.durations.record(duration, attributes);
  }

  rotated(lag: number, attributes: Attributes): void {
    this.#connect()?.lags.record(lag, attributes);
  }

  close(): void {
    this.#instruments?.stopObserving();
    this.#instruments = undefined;
    this.#clients = undefined;
  }

  /** Tried again by each fetch: unlike the global tracer provider, the one of meters does not pass calls on to a later one. */
  #connect(): Instruments | undefined {
    if (this.#instruments !== undefined || this.#clients === undefined) return this.#instruments;
    const meter = this.#meter ?? meterOf(globalMetrics.getMeterProvider());
    if (meter === createNoopMeter()) return undefined;
    this.#instruments = {
      durations: histogramOf(meter, fetchDuration),
      lags: histogramOf(meter, rotationLag),
      stopObserving: observe(meter, this.#clients),
    };
    return this.#instruments;
  }
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

function histogramOf(meter: Meter, { name, unit, description, bounds }: RecordedMetric): Histogram {
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
