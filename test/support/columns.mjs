// @ts-check

/**
 * Lines of text as columns, figures to the right.
 * @param {readonly (readonly string[])[]} lines the first one is the head
 * @param {(column: number) => boolean} isFigure
 * @returns {string}
 */
export function columns(lines, isFigure) {
  const count = Math.max(...lines.map((cells) => cells.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines
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
