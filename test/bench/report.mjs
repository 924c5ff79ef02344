// @ts-check
// Rows of results, and the table in which they are printed.
import { columns } from '../support/columns.mjs';

/**
 * - `atMost`: the maximum of ours / reference.
 * - `timesFaster`: the minimum of reference / ours.
 * - `within`: the maximum of ours, in the unit of the row, regardless of the reference.
 * @typedef {{ atMost: number } | { timesFaster: number } | { within: number }} Target
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
  const share = measured.ratio ?? (reference === undefined || reference === 0 ? undefined : ours / reference);
  const isPeer = target !== undefined && 'timesFaster' in target;
  const ratio = share === undefined ? undefined : isPeer ? 1 / share : share;
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
  const header = ['row', 'ours', 'reference', 'ratio', 'target', 'result'];
  const lines = rows.map(({ row: name, ours, reference, ratio, target, met }) => [
    name,
    figure(ours),
    figure(reference),
    ratio === null ? '' : `${figure(ratio)} x${target?.endsWith('faster') ? ' faster' : ''}`,
    target ?? '',
    met === null ? '' : met ? 'met' : 'MISSED',
  ]);
  return columns([header, ...lines], (column) => column > 0 && column < 4);
}

/** @param {Target} target */
function targetText(target) {
  if ('atMost' in target) return `<= ${target.atMost} x`;
  return 'timesFaster' in target ? `>= ${target.timesFaster} x faster` : `<= ${target.within}`;
}

/**
 * @param {Target} target
 * @param {number} ours
 * @param {number | undefined} ratio
 */
function isMet(target, ours, ratio = Number.NaN) {
  if ('within' in target) return ours <= target.within;
  return 'atMost' in target ? ratio <= target.atMost : ratio >= target.timesFaster;
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
