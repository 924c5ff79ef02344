import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.mjs';

/** A Prometheus of Debian on loopback. */
export interface Prometheus {
  readonly url: string;
  /** The names of the alerts that fire now, sorted. */
  readonly firing: () => Promise<readonly string[]>;
  /** The number of series that a query returns. Rejects with the error of Prometheus. */
  readonly query: (query: string) => Promise<number>;
  /** The errors of the last scrapes and of the last evaluations of rules. */
  readonly errors: () => Promise<readonly string[]>;
  stop(): Promise<void>;
}

interface ApiResponse<Data> {
  readonly data: Data;
  readonly error?: string;
}

/** Starts Prometheus, which scrapes `target` and evaluates `rules` five times a second. */
export async function startPrometheus(target: string, rules: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-prometheus-'));
  const config = {
    global: { scrape_interval: '200ms', scrape_timeout: '200ms', evaluation_interval: '200ms' },
    rule_files: [join(folder, 'rules.yaml')],
    scrape_configs: [{ job_name: 'service', static_configs: [{ targets: [target] }] }],
  };
  writeFileSync(join(folder, 'rules.yaml'), rules);
  writeFileSync(join(folder, 'prometheus.yaml'), JSON.stringify(config)); // JSON is YAML
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  const get = async <Data>(path: string): Promise<Data> => {
    const response = await fetch(`${url}/api/v1/${path}`);
    const { data, error } = (await response.json()) as ApiResponse<Data>; // the API of Prometheus
    if (error !== undefined) throw new Error(error);
    return data;
  };
  return {
    url,
    firing: async () => {
      const { alerts } = await get<{ alerts: { state: string; labels: { alertname: string } }[] }>('alerts');
      const names = alerts.flatMap(({ state, labels }) => (state === 'firing' ? labels.alertname : []));
      return [...new Set(names)].toSorted((one, other) => one.localeCompare(other));
    },
    query: async (query) => {
      const { result } = await get<{ result: readonly unknown[] }>(`query?query=${encodeURIComponent(query)}`);
      return result.length;
    },
    errors: async () => {
      const { activeTargets } = await get<{ activeTargets: { lastError: string }[] }>('targets');
      const { groups } = await get<{ groups: { rules: { lastError?: string }[] }[] }>('rules');
      const errors = [...activeTargets, ...groups.flatMap(({ rules: evaluated }) => evaluated)];
      return errors.flatMap(({ lastError }) => lastError || []);
    },
    stop: async () => {
      child.kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The alert rules with every `for` 300 times shorter, so that a test need not wait for minutes. */
export function hastenRules(text: string): string {
  const seconds: Readonly<Record<string, number>> = { m: 60, h: 3_600 };
  return text.replaceAll(/(?<=^ +for: )\d+[mh]$/gmu, (duration) => {
    const count = Number(duration.slice(0, -1));
    return `${Math.round((count * 1_000 * (seconds[duration.slice(-1)] ?? 0)) / 300)}ms`;
  });
}
