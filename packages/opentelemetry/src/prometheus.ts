import { fetchAttributes, MeasuredClientSet } from './clients.ts';
import { Histogram } from './histogram.ts';
import { fetchDuration, rotationLag } from './metrics.ts';
import type { MeasuredClients } from './options.ts';
import { contentTypes, endOfText, histogramLines, observedLines } from './prometheus-text.ts';
import type { TextFormat } from './prometheus-text.ts';

export type { MeasuredClients, MonitoredClient } from './options.ts';

/** Options of `prometheusMetrics`. */
export type PrometheusOptions = MeasuredClients;

/** The part of a `Request` that is read. */
export interface MetricsRequest {
  readonly method: string;
  readonly headers: { get(name: string): string | null };
}

/** The part of a request of `node:http` that is read. */
export interface NodeMetricsRequest {
  readonly method?: string | undefined;
  readonly headers: { readonly accept?: string | undefined };
}

/** The part of a response of `node:http` that is used. */
export interface NodeMetricsResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(text?: string): unknown;
}

/** The metrics of clients in the text format of Prometheus. */
export interface PrometheusMetrics extends Disposable {
  /** The `Content-Type` of `text()`. */
  readonly contentType: string;
  /** The metrics as text. Takes a few milliseconds with 100,000 secrets. */
  text(): string;
  /** Responds to a scrape, for frameworks with `Request` and `Response`. As OpenMetrics, if the scraper accepts that. */
  readonly respond: (request: MetricsRequest) => Response;
  /** Responds to a scrape, for `node:http` and Express. As OpenMetrics, if the scraper accepts that. */
  readonly handle: (request: NodeMetricsRequest, response: NodeMetricsResponse) => void;
  /** Ends the measurements and forgets the clients. Later scrapes are empty. */
  close(): void;
}

/**
 * Measures clients for Prometheus, without OpenTelemetry: see the README for the metrics. Call it once, before or after the clients are
 * created.
 *
 * Throws a `TypeError` if an option is invalid.
 */
export function prometheusMetrics(options: PrometheusOptions = {}): PrometheusMetrics {
  const durations = new Histogram(fetchDuration);
  const lags = new Histogram(rotationLag);
  const clients = new MeasuredClientSet(options, {
    fetchEnded: (fetch, attributes) =>
      durations.record((fetch.duration ?? 0) / 1_000, { ...attributes, ...fetchAttributes(fetch) }),
    rotated: ({ lag }, attributes) => {
      if (lag !== undefined) lags.record(lag / 1_000, attributes);
    },
  });
  let isClosed = false;
  const textIn = (format: TextFormat): string => {
    if (isClosed) return endOfText(format);
    const observed = Array.from(clients.collect(), ([metric, samples]) => observedLines(metric, samples, format));
    const recorded = [durations, lags].map(({ metric, series }) => histogramLines(metric, series, format));
    return [...observed, ...recorded, endOfText(format)].join('');
  };
  const answer = (method: string | undefined, accept: string | null | undefined): Answer => {
    if (method !== undefined && method !== 'GET' && method !== 'HEAD') {
      return { status: 405, headers: { allow: 'GET, HEAD' }, body: undefined };
    }
    const format = acceptsOpenMetrics(accept) ? 'openmetrics' : 'prometheus';
    const headers = { 'content-type': contentTypes[format], 'cache-control': 'no-store', vary: 'accept' };
    return { status: 200, headers, body: method === 'HEAD' ? undefined : textIn(format) };
  };
  const close = (): void => {
    isClosed = true;
    clients.close();
  };
  return {
    contentType: contentTypes.prometheus,
    text: () => textIn('prometheus'),
    respond: (request) => {
      const { body = null, ...init } = answer(request.method, request.headers.get('accept'));
      return new Response(body, init);
    },
    handle: (request, response) => {
      const { status, headers, body } = answer(request.method, request.headers.accept);
      response.writeHead(status, headers);
      // One string, which the socket sends or drops: nothing waits for a scraper that does not read.
      response.end(body);
    },
    close,
    [Symbol.dispose]: close,
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

function acceptsOpenMetrics(accept: string | null | undefined): boolean {
  return accept?.includes('application/openmetrics-text') === true;
}
