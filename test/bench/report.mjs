// @ts-check
// Rows of results, and the table in which they are printed. The ratio is always ours / reference, and smaller is always better: a
// figure of which more is better, such as a rate, is measured as its inverse.
import { columns } from '../support/columns.mjs';

/**
 * - `atMost`: the maximum of ours / reference.
 * - `within`: the maximum of ours, in the unit of the row, regardless of the reference.
 * @typedef {{ atMost: number } | { within: number }} Target
 * @typedef {{ row: string; ours: number; reference: number | null; ratio: number | null; target: string | null; met: boolean | null }} Row
 */

/**
 * @param {string} name what is compared with what, ending with the unit
 * @param {{ ours: number; reference?: number; ratio?: number }} measured `ratio`: ours / reference, if measured more precisely
 * @param {Target} [target] without a target the row is for information only
 * @returns {Row}
 */
export function row(name, measured, target) {
  const { ours, reference } = measured;
  const ratio = measured.ratio ?? (reference === undefined || reference === 0 ? undefined : ours / reference);
  return {
    row: name,
    ours: rounded(ours),
    reference: reference === undefined ? null : rounded(reference),
    ratio: ratio === undefined ? null : rounded(ratio),
    target: target === undefined ? null : targetText(target),
    met: target === undefined ? null : isMet(target, ours, ratio),
  };
}

/**
 * @param {readonly Row[]} rows
 * @returns {string}
 */
export function table(rows) {
  const header = ['row', 'ours', 'reference', 'ratio, smaller is better', 'target', 'result'];
  const lines = rows.map(({ row: name, ours, reference, ratio, target, met }) => [
    name,
    figure(ours),
    figure(reference),
    ratio === null ? '' : `${figure(ratio)} x`,
    target ?? '',
    met === null ? '' : met ? 'met' : 'MISSED',
  ]);
  return columns([header, ...lines], (column) => column > 0 && column < 4);
}

/** @param {Target} target */
function targetText(target) {
  return 'atMost' in target ? `<= ${target.atMost} x` : `<= ${target.within}`;
}

/**
 * @param {Target} target
 * @param {number} ours
 * @param {number | undefined} ratio
 */
function isMet(target, ours, ratio = Number.NaN) {
  return 'atMost' in target ? ratio <= target.atMost : ours <= target.within;
}

/** @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(4));
}

/** @param {number | null} value */
function figure(value) {
  if (value === null) return '';
  const size = Math.abs(value);
  if (size < 1) return value.toLocaleString('en-US', { maximumSignificantDigits: 2 });
  return value.toLocaleString('en-US', { maximumFractionDigits: size < 10 ? 2 : size < 100 ? 1 : 0 });
}
