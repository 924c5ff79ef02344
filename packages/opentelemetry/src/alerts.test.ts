import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { alertRules, alertsFile, dashboard, dashboardQueries, namesIn, seriesNames } from './queries.fixture.ts';

/** Runs promtool on a file with this content. */
function promtool(
  command: readonly string[],
  content: object,
): { readonly status: number | null; readonly output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-alerts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, stringify(content));
  const { status, stdout, stderr } = spawnSync('promtool', [...command, file], { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/**
 * The series of each alert, a value per minute: from 10 minutes on it is wrong, and from `healedAfter` on it is right again. `_xN` in a
 * value repeats it N more times.
 */
const cases: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  KmsSecretsExpired: [{ kms_secrets_expired: '0x9 2x179 0x200' }],
  KmsSecretsExpireSoon: [{ kms_secrets_stale_expires_in_seconds: '80000x9 14000x179 _x200' }],
  KmsSecretsStale: [{ kms_secrets_stale: '0x9 2x179 0x200' }],
  KmsSecretsIdentityRejected: [{ kms_secrets_identity_rejected: '0x9 1x179 0x200' }],
  KmsSecretsRefused: [{ kms_secrets_refused: '0x9 1x179 0x200' }],
  KmsSecretsMissing: [{ kms_secrets_missing: '0x9 1x179 0x200' }],
  KmsSecretsBreakerOpen: [{ 'kms_secrets_breaker_open{server_address="kms.example"}': '0x9 1x179 0x200' }],
  KmsSecretsThrottled: [
    { 'kms_secrets_failures_total{server_address="kms.example",error_type="throttled"}': '0x9 0+60x179 10740x200' },
  ],
  KmsSecretsStoreUnavailable: [{ 'kms_secrets_store_unavailable{store="redis"}': '0x9 1x179 0x200' }],
  KmsSecretsRotationMissed: [{ kms_secrets_rotation_missed: '0x9 1x179 0x200' }],
  KmsSecretsRotationLag: [
    {
      kms_secrets_rotation_lag_seconds_count: '4x9 4+0.02x179 8x200',
      'kms_secrets_rotation_lag_seconds_bucket{le="900"}': '4x390',
    },
    // The first rotation of a process creates the series.
    {
      kms_secrets_rotation_lag_seconds_count: '_x129 1x260',
      'kms_secrets_rotation_lag_seconds_bucket{le="900.0"}': '_x129 0x260',
    },
  ],
  KmsSecretsClientKeyExpires: [
    { kms_secrets_client_key_expires_in_seconds: '2000000x9 1000000x179 9000000x200' },
    { kms_secrets_ca_expires_in_seconds: '2000000x9 1000000x179 9000000x200' },
  ],
  KmsSecretsCredentialsExpire: [{ kms_secrets_credentials_expires_in_seconds: '7000x9 3000x179 _x200' }],
};

test('every alert has a test, and every test an alert', () => {
  expect(alertRules().map(({ alert }) => alert)).toEqual(Object.keys(cases));
});

test.each(Object.entries(cases).flatMap(([alert, all]) => all.map((series, index) => [alert, index, series] as const)))(
  '%s fires when its series says so, and is resolved (%i)',
  (alert, _, series) => {
    const firing = `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`;
    const at = (eval_time: string, value: number) => ({
      expr: firing,
      eval_time,
      exp_samples: [{ labels: '{}', value }],
    });
    const labelled = Object.entries(series).map(([name, values]) => ({
      series: name.includes('{') ? name.replace('{', '{instance="a",') : `${name}{instance="a"}`,
      values,
    }));

    expect(
      promtool(['test', 'rules'], {
        rule_files: [alertsFile],
        evaluation_interval: '1m',
        tests: [
          { interval: '1m', input_series: labelled, promql_expr_test: [at('9m', 0), at('3h', 1), at('6h20m', 0)] },
        ],
      }),
    ).toMatchObject({ status: 0, output: expect.stringContaining('SUCCESS') });
  },
);

test('the alerts and the dashboard use only metrics that exist', () => {
  const queries = [...alertRules().map(({ expr }) => expr), ...dashboardQueries()];

  expect(queries.length).toBeGreaterThan(40);
  expect(queries.flatMap(namesIn).filter((name) => !seriesNames.has(name))).toEqual([]);
});

test('every alert has a summary, a description, and a runbook in docs/operations.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');
  const anchors = new Set(
    [...page.matchAll(/^#+ (.+)$/gmu)].map(([, title]) => title?.toLowerCase().replaceAll(' ', '-')),
  );

  for (const { alert, labels, annotations } of alertRules()) {
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(annotations.summary.length).toBeGreaterThan(20);
    expect(annotations.description.length).toBeGreaterThan(20);
    expect(annotations.runbook_url).toBe(
      `https://github.com/kms-secrets/kms-secrets/blob/main/docs/operations.md#${alert.toLowerCase()}`,
    );
    expect(anchors).toContain(alert.toLowerCase());
  }
});

test('promtool accepts the alerts and every query of the dashboard', () => {
  const rules = dashboardQueries().map((expr, index) => ({ record: `panel:query:${index}`, expr }));

  expect(spawnSync('promtool', ['check', 'rules', alertsFile], { encoding: 'utf8' }).stdout).toContain('SUCCESS');
  expect(promtool(['check', 'rules'], { groups: [{ name: 'dashboard', rules }] })).toMatchObject({ status: 0 });
});

test('the dashboard has the structure that Grafana imports', () => {
  const { uid, schemaVersion, templating, panels } = dashboard();
  const charts = panels.filter(({ type }) => type !== 'row');

  expect([uid, schemaVersion]).toEqual(['kms-secrets', 39]);
  expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
    ['datasource', 'datasource'],
    ['job', 'query'],
    ['instance', 'query'],
  ]);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { type, title, description, fieldConfig, targets = [] } of charts) {
    expect(['stat', 'timeseries']).toContain(type);
    expect([title, description ?? '', fieldConfig?.defaults.unit ?? '']).not.toContain('');
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
});

test('the panels of the dashboard fit into 24 columns and do not overlap', () => {
  const cells = dashboard().panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => [x + (index % w), y + Math.floor(index / w)] as const),
  );

  expect(cells.filter(([column]) => column >= 24)).toEqual([]);
  expect(new Set(cells.map(String)).size).toBe(cells.length);
});

test('no panel has a series per secret, or one per process without a limit', () => {
  const perSecret = dashboardQueries().filter((query) => query.includes('secret_name') && !query.startsWith('topk('));
  const perProcess = dashboardQueries().filter(
    (query) => /by \([^)]*instance/u.test(query) && !/^(?:top|bottom)k\(/u.test(query),
  );
  const unaggregated = dashboardQueries().filter((query) => !/\b(?:sum|min|max)\b/u.test(query));

  expect([perSecret, perProcess, unaggregated]).toEqual([[], [], []]);
});
