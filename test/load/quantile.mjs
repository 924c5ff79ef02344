// @ts-check

/**
 * @param {readonly number[]} ascending
 * @param {number} share
 */
export function quantile(ascending, share) {
  return ascending[Math.ceil(ascending.length * share) - 1] ?? Number.NaN;
}
