// @ts-check
// Markdown tables in the layout of the formatter of this repository.

/** Characters that take two columns, as in Chinese. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/gu;

/** @param {string} text */
const widthOf = (text) => text.length + (text.match(wide)?.length ?? 0);

/**
 * The lines of a table, with padded cells. The first row is the header.
 * @param {ReadonlyArray<readonly string[]>} rows
 */
export function tableLines(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => widthOf(row[column] ?? ''))));
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)));
    return `| ${cells.join(' | ')} |`;
  });
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0] ?? '', rule, ...lines.slice(1)];
}

/** The cells of a line of a table. @param {string} line */
export const cellsOf = (line) =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/u)
    .map((cell) => cell.trim());
