import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { tableLines } from '../../scripts/markdown-table.mjs';

/** The result of one scenario with one app over one transport. */
export interface ScenarioRun {
  readonly app: string;
  readonly transport: string;
  readonly promise: string;
  readonly file: string;
  readonly isKept: boolean;
}

const root = join(import.meta.dirname, '../..');
const document = join(root, 'docs/conformance.md');

/**
 * Compares docs/conformance.md with the results of a run; `vitest run -u` writes the file. Does nothing if the run was partial.
 *
 * It is a reporter because the scenarios run in several processes, and only a reporter sees the results of all.
 */
export class ConformanceReport implements Reporter {
  #isUpdate = false;

  onInit(vitest: Vitest): void {
    this.#isUpdate = vitest.config.snapshotOptions.updateSnapshot === 'all';
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    if (modules.some(isFiltered)) return;
    const table = conformanceTable(modules.flatMap(scenarioRuns), readdirSync(join(root, 'apps')));
    if (table === undefined) return;
    if (this.#isUpdate) writeFileSync(document, table);
    if (readFileSync(document, 'utf8') === table) return;
    console.error(
      'docs/conformance.md differs from this run. Update it with `pnpm exec vitest run -u --project conformance`.',
    );
    process.exitCode = 1;
  }
}

/** Whether a filter such as `-t` left out scenarios of this file. */
function isFiltered(module: TestModule): boolean {
  const hasRun = [...module.children.allTests()].map((test) => test.meta().scenarioRun !== undefined);
  return hasRun.includes(true) && hasRun.includes(false);
}

function scenarioRuns(module: TestModule): ScenarioRun[] {
  return [...module.children.allTests()].flatMap((test) => {
    const { scenarioRun } = test.meta();
    return scenarioRun === undefined ? [] : [{ ...scenarioRun, isKept: test.result().state === 'passed' }];
  });
}

/** A row for each promise, a column for each app. `undefined` unless every scenario ran with every app and transport. */
export function conformanceTable(runs: readonly ScenarioRun[], apps: readonly string[]): string | undefined {
  const transports = [...new Set(runs.map(({ transport }) => transport))];
  const promises = new Map(runs.map(({ promise, file }) => [promise, file]));
  if (runs.length === 0 || runs.length !== promises.size * transports.length * apps.length) return undefined;
  const broken = runs.filter(({ isKept }) => !isKept);
  const result = (app: string, promise: string): string => {
    const brokenRuns = broken.filter((each) => each.app === app && each.promise === promise);
    return brokenRuns.length === 0 ? 'kept' : `broken over ${brokenRuns.map(({ transport }) => transport).join(', ')}`;
  };
  const table = tableLines([
    ['promise', ...apps],
    ...[...promises].map(([promise, file]) => [
      `[${promise}](../packages/testing/src/scenarios/${file})`,
      ...apps.map((app) => result(app, promise)),
    ]),
  ]);
  return [
    '# Conformance',
    '',
    `${promises.size} scenarios, each run with ${apps.length} apps over ${transports.length} transports (${transports.join(', ')}): ${runs.length} runs, none`,
    'skipped ([why](decisions/0009-conformance-matrix.md)). `kept` means kept over every transport. This file is written by',
    '`pnpm exec vitest run -u --project conformance`; a run with other results fails.',
    '',
    ...table,
    '',
  ].join('\n');
}
