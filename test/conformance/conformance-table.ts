/** One promise, and whether it was kept in each column. */
interface Row {
  readonly promise: string;
  readonly file: string;
  readonly kept: readonly boolean[];
}

/** docs/conformance.md: what was seen of every scenario in the run that wrote it. */
export function conformanceTable({
  columns,
  rows,
}: {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}): string {
  const cells = [
    ['promise', ...columns],
    ...rows.map(({ promise, file, kept }) => [
      `[${promise}](../packages/testing/src/scenarios/${file})`,
      ...kept.map((isKept) => (isKept ? 'kept' : 'broken')),
    ]),
  ];
  const [head = '', ...lines] = inColumns(cells);
  return [
    '# Conformance',
    '',
    'Every scenario, played with every app, and over every API of KMS (decisions/0009). Generated from a test run by',
    '`pnpm exec vitest run -u --project conformance`; a run that sees something else fails.',
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
