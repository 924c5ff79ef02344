import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { tableLines } from '../../../scripts/markdown-table.mjs';
import { areas } from './supports.ts';
import type { CompatibilityRow } from './supports.ts';

const root = join(import.meta.dirname, '../../..');
const suiteFolder = join(root, 'test/compatibility');
const document = join(root, 'docs/compatibility.md');
const project = 'long:compatibility';

/**
 * Compares docs/compatibility.md with the results of a run; `vitest run -u` writes the file. Does nothing unless every file of
 * the suite ran completely.
 */
export class CompatibilityReport implements Reporter {
  #isUpdate = false;

  onInit(vitest: Vitest): void {
    this.#isUpdate = vitest.config.snapshotOptions.updateSnapshot === 'all';
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const suite = modules.filter((module) => module.project.name === project);
    const files = readdirSync(suiteFolder).filter((name) => name.endsWith('.test.ts'));
    const tests = suite.flatMap((module) => [...module.children.allTests()]);
    if (suite.length !== files.length || tests.some((test) => test.result().state !== 'passed')) return;
    const page = compatibilityPage(tests.flatMap((test) => test.meta().compatibility ?? []));
    if (this.#isUpdate) writeFileSync(document, page);
    if (existsSync(document) && readFileSync(document, 'utf8') === page) return;
    console.error(
      `docs/compatibility.md differs from this run. Update it with \`pnpm exec vitest run -u --project ${project}\`.`,
    );
    process.exitCode = 1;
  }
}

/** A section for each area, with a row for each setting. */
function compatibilityPage(rows: readonly CompatibilityRow[]): string {
  return [
    '# Compatibility',
    '',
    'Each row is a test with the packed packages, installed in a project outside this workspace. A row that works reads a secret from a fake KMS',
    'with a `secretsmanager.properties`, follows its rotation, and is denied another secret; with two exceptions. Test runners run the tests in our',
    'READMEs. Every version of TypeScript compiles a program, and the program runs where Node.js can load it. This file is written by',
    `\`pnpm exec vitest run -u --project ${project}\` ([how](../test/compatibility/README.md)); a run with other results fails.`,
    '',
    ...areas.flatMap((area) =>
      section(
        area,
        rows.filter((row) => row.area === area),
      ),
    ),
  ].join('\n');
}

function section(area: string, rows: readonly CompatibilityRow[]): string[] {
  if (rows.length === 0) return [];
  const sorted = rows.toSorted((a, b) => a.setting.localeCompare(b.setting, 'en', { numeric: true }));
  const table = tableLines([
    ['setting', 'versions', 'result'],
    ...sorted.map(({ setting, versions, remark }) => [setting, versions, remark]),
  ]);
  return [`## ${area}`, '', ...table, ''];
}
