// @ts-check
import { basename } from 'node:path';
import { sizesOf } from './sizes.mjs';

/**
 * @param {readonly import('./tarball.mjs').Tarball[]} tarballs
 * @param {Readonly<Record<string, import('./sizes.mjs').Sizes>>} budgets
 * @param {ReadonlyMap<string, import('./sbom.mjs').Bom>} boms
 */
export function table(tarballs, budgets, boms) {
  const header = ['package', 'version', 'files', 'kB packed', 'kB unpacked', 'kB of code', 'to budget', 'dependencies'];
  const rows = tarballs.map((tarball) => {
    const { name, version } = tarball.manifest;
    const sizes = sizesOf(tarball);
    return [
      basename(name),
      version,
      String(tarball.files.length),
      (tarball.bytes / 1_000).toFixed(1),
      (sizes.code + sizes.documents).toFixed(1),
      sizes.code.toFixed(1),
      difference(sizes.code, budgets[name]?.code),
      `${boms.get(name)?.components.length ?? '-'}`,
    ];
  });
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => (row[column] ?? '').length)));
  return [header, ...rows]
    .map((row) =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .join('\n');
}

/**
 * @param {number} size
 * @param {number} [budget]
 */
function difference(size, budget) {
  if (budget === undefined) return 'none';
  const percent = (100 * (size - budget)) / budget;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}
