// @ts-check

/**
 * Formats rows of text as aligned columns. Columns of figures are aligned to the right.
 * @param {readonly (readonly string[])[]} rows the first one is the header
 * @param {(column: number) => boolean} isFigure
 * @returns {string}
 */
export function columns(rows, isFigure) {
  const count = Math.max(...rows.map((cells) => cells.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          isFigure(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
