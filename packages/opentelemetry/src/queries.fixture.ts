import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { metrics } from './metrics.ts';
import { familyName } from './prometheus-text.ts';

const packageFolder = join(import.meta.dirname, '..');

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
}

export const alertsFile: string = join(packageFolder, 'alerts.yaml');

export function alertRules(): readonly AlertRule[] {
  const { groups } = parse(readFileSync(alertsFile, 'utf8')) as { groups: { rules: AlertRule[] }[] }; // promtool checks it
  return groups.flatMap(({ rules }) => rules);
}

export function dashboard(): Dashboard {
  return JSON.parse(readFileSync(join(packageFolder, 'dashboard.json'), 'utf8')) as Dashboard; // its test checks it
}

/** The queries of the dashboard, with values for its variables. */
export function dashboardQueries(): readonly string[] {
  return dashboard().panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) =>
      expr.replaceAll('$job', '.*').replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m'),
    ),
  );
}

/** Every name of a series that Prometheus stores for our metrics. */
export const seriesNames: ReadonlySet<string> = new Set(
  metrics.flatMap((metric) => {
    const family = familyName(metric);
    if (metric.kind === 'counter') return [`${family}_total`];
    return metric.kind === 'gauge' ? [family] : ['_bucket', '_sum', '_count'].map((suffix) => family + suffix);
  }),
);

/** The names of our metrics in a query. */
export function namesIn(query: string): readonly string[] {
  return (query.match(/\bkms_secrets_\w+/gu) ?? []).filter(
    (name) => !/^kms_secrets_(?:secret_name|client)$/u.test(name),
  );
}
