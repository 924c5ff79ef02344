import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** One scenario, played by one app over one transport. */
export interface Played {
  readonly app: string;
  readonly transport: string;
  readonly promise: string;
  readonly file: string;
  readonly isKept: boolean;
}

const root = join(import.meta.dirname, '../..');
const document = join(root, 'docs/conformance.md');

/**
 * Holds docs/conformance.md to what a run has seen of every scenario; `vitest run -u` writes it. Says nothing of a run in which
 * only some were played.
 *
 * A reporter, because the scenarios are played by several processes, and only here all that they have seen comes together.
 */
export class ConformanceReport implements Reporter {
  #isWritten = false;

  onInit(vitest: Vitest): void {
    this.#isWritten = vitest.config.snapshotOptions.updateSnapshot === 'all';
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const table = conformanceTable(modules.flatMap(playedIn), readdirSync(join(root, 'apps')));
    if (table === undefined) return;
    if (this.#isWritten) writeFileSync(document, table);
    if (readFileSync(document, 'utf8') === table) return;
    console.error(
      'docs/conformance.md does not say what was seen: `pnpm exec vitest run -u --project conformance` writes it.',
    );
    process.exitCode = 1;
  }
}

function playedIn(module: TestModule): Played[] {
  return [...module.children.allTests()].flatMap((test) => {
    const { played } = test.meta();
    return played === undefined ? [] : [{ ...played, isKept: test.result().state === 'passed' }];
  });
}

/** What was seen: a row for each promise, a column for each app. `undefined` if not every app has played all of it. */
export function conformanceTable(played: readonly Played[], apps: readonly string[]): string | undefined {
  const transports = [...new Set(played.map(({ transport }) => transport))];
  const promises = new Map(played.map(({ promise, file }) => [promise, file]));
  if (played.length === 0 || played.length !== promises.size * transports.length * apps.length) return undefined;
  const broken = played.filter(({ isKept }) => !isKept);
  const seen = (app: string, promise: string): string => {
    const over = broken.filter((each) => each.app === app && each.promise === promise);
    return over.length === 0 ? 'kept' : `broken over ${over.map(({ transport }) => transport).join(', ')}`;
  };
  const [head = '', ...lines] = inColumns([
    ['promise', ...apps],
    ...[...promises].map(([promise, file]) => [
      `[${promise}](../packages/testing/src/scenarios/${file})`,
      ...apps.map((app) => seen(app, promise)),
    ]),
  ]);
  return [
    '# Conformance',
    '',
    `${promises.size} scenarios, each played with ${apps.length} apps over ${transports.length} transports: ${transports.join(', ')}. \`kept\` is kept`,
    `over all of these: ${played.length} plays, and none is left out ([why](decisions/0009-every-app-over-every-transport.md)). Written by`,
    '`pnpm exec vitest run -u --project conformance` from what it has seen; a run that sees something else fails.',
    '',
    head,
    head.replaceAll(/[^|]/gu, '-').replaceAll(/^\|-|-\|-|-\|$/gu, (edge) => edge.replaceAll('-', ' ')),
    ...lines,
    '',
  ].join('\n');
}

/** Padded, as the formatter of this repository has it. */
function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
}
