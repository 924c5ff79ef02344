// The text format of Prometheus (version 0.0.4) and OpenMetrics (version 1.0.0). The names are those into which the specification of
// OpenTelemetry translates the metrics ("Prometheus and OpenMetrics Compatibility"), so that alerts.yaml fits both.

import type { HistogramSeries } from './histogram.ts';
import type { Metric, ObservedMetric, RecordedMetric } from './metrics.ts';
import type { Attributes, Sample } from './samples.ts';

export type TextFormat = 'prometheus' | 'openmetrics';

export const contentTypes: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The name of a metric in Prometheus, without the suffix of a sample: `kms_secrets_fetch_duration_seconds`. */
export function familyName({ name, unit }: Metric): string {
  const base = name.replaceAll('.', '_');
  return unit === 's' ? `${base}_seconds` : base;
}

/** The lines of an observed metric. */
export function observedLines(metric: ObservedMetric, samples: readonly Sample[], format: TextFormat): string {
  const family = familyName(metric);
  const name = metric.kind === 'counter' ? `${family}_total` : family;
  const lines = samples.map(({ value, attributes }) => `${name}${labels(attributes)} ${numberText(value)}\n`);
  return samples.length === 0 ? '' : header(metric, format) + lines.join('');
}

/** The lines of a histogram, with cumulative buckets. */
export function histogramLines(metric: RecordedMetric, all: readonly HistogramSeries[], format: TextFormat): string {
  if (all.length === 0) return '';
  const family = familyName(metric);
  const bounds = [...metric.bounds, Number.POSITIVE_INFINITY];
  const lines = all.flatMap(({ attributes, counts, sum }) => {
    let total = 0;
    const buckets = bounds.map((bound, index) => {
      total += counts[index] ?? 0;
      return `${family}_bucket${labels({ ...attributes, le: boundText(bound, format) })} ${total}\n`;
    });
    return [
      ...buckets,
      `${family}_sum${labels(attributes)} ${numberText(sum)}\n`,
      `${family}_count${labels(attributes)} ${total}\n`,
    ];
  });
  return header(metric, format) + lines.join('');
}

/** The end of a response. OpenMetrics has one, which makes a truncated response detectable. */
export function endOfText(format: TextFormat): string {
  return format === 'openmetrics' ? '# EOF\n' : '';
}

function header(metric: Metric, format: TextFormat): string {
  const { kind, unit, description } = metric;
  const family = familyName(metric);
  const isOpenMetrics = format === 'openmetrics';
  const name = kind === 'counter' && !isOpenMetrics ? `${family}_total` : family;
  const unitLine = isOpenMetrics && unit === 's' ? `# UNIT ${name} seconds\n` : '';
  return `# HELP ${name} ${escapeHelp(description, format)}\n# TYPE ${name} ${kind}\n${unitLine}`;
}

function labels(attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(([name, value]) => `${labelName(name)}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function labelName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/gu, '_');
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string, format: TextFormat): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
}

/** Bounds are floats in OpenMetrics: `1.0`. */
function boundText(bound: number, format: TextFormat): string {
  const text = numberText(bound);
  return format === 'openmetrics' && Number.isInteger(bound) ? `${text}.0` : text;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
