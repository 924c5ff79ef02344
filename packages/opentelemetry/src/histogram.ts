import type { RecordedMetric } from './metrics.ts';
import { seriesKey } from './samples.ts';
import type { Attributes } from './samples.ts';

/** One series of a histogram. */
export interface HistogramSeries {
  readonly attributes: Attributes;
  /** How many values are in each bucket, not cumulative; the last one is above all bounds. */
  readonly counts: number[];
  sum: number;
}

/** The maximum of series: further ones are counted as one. Endpoints, failures, groups and allowed names are few. */
const maxSeries = 2_000;
const overflow: Attributes = { 'otel.metric.overflow': 'true' };

/** A histogram in memory, of which Prometheus reads the totals. */
export class Histogram {
  readonly metric: RecordedMetric;
  readonly #series = new Map<string, HistogramSeries>();

  constructor(metric: RecordedMetric) {
    this.metric = metric;
  }

  record(value: number, attributes: Attributes): void {
    const series = this.#seriesOf(attributes);
    const index = this.metric.bounds.findIndex((bound) => value <= bound);
    const bucket = index === -1 ? this.metric.bounds.length : index;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
  }

  get series(): readonly HistogramSeries[] {
    return [...this.#series.values()];
  }

  #seriesOf(attributes: Attributes): HistogramSeries {
    const key = seriesKey(attributes);
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    const isFull = this.#series.size >= maxSeries;
    if (isFull && attributes !== overflow) return this.#seriesOf(overflow);
    const counts = Array.from({ length: this.metric.bounds.length + 1 }, () => 0);
    const series = { attributes, counts, sum: 0 };
    this.#series.set(key, series);
    return series;
  }
}
