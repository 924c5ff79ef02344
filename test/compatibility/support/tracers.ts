import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHttpSink } from './http-sink.ts';
import { datadogSpans, openTelemetrySpans, sentrySpans } from './traces.ts';
import type { Span } from './traces.ts';

/** What a tracer has recorded about a program. */
export interface Recording {
  readonly spans: readonly Span[];
  /** Everything that the tracer exports, and what the program printed. */
  readonly text: string;
}

/** Records the spans of one program. */
export interface Recorder extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  /** `output` is what the program printed. */
  read(output: string): Promise<Recording>;
}

export interface Tracer {
  /** The headers that it adds to each request. */
  readonly headers: readonly string[];
  /** Whether it records a request that has no parent span. */
  readonly recordsRoots: boolean;
  record(): Promise<Recorder>;
}

export const openTelemetry: Tracer = {
  headers: ['traceparent', 'baggage'],
  recordsRoots: true,
  record: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spans-'));
    const file = join(folder, 'spans.jsonl');
    await writeFile(file, '');
    return {
      env: { TRACER: '@opentelemetry/api', SPANS: file },
      read: async (output) => {
        const text = await readFile(file, 'utf8');
        return { spans: openTelemetrySpans(text), text: text + output };
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  },
};

/** Version 5 is installed as `dd-trace-5`. */
export function datadog(packageName: 'dd-trace' | 'dd-trace-5'): Tracer {
  return {
    headers: ['traceparent', 'x-datadog-trace-id'],
    recordsRoots: true,
    record: async () => ({
      env: { TRACER: packageName, DD_TRACE_EXPERIMENTAL_EXPORTER: 'log' },
      read: async (output) => ({ spans: datadogSpans(output), text: output }),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
}

export const sentry: Tracer = {
  headers: ['sentry-trace', 'baggage'],
  recordsRoots: false,
  record: async () => {
    const sink = await startHttpSink();
    return {
      env: { TRACER: '@sentry/node', SENTRY_DSN: `http://key@${sink.host}/1` },
      read: async (output) => ({ spans: sentrySpans(sink.bodies), text: [...sink.bodies, output].join('\n') }),
      [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
    };
  },
};
