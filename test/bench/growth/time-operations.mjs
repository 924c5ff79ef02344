// @ts-check
import { timeInRounds } from '../measure.mjs';

/**
 * Nanoseconds per call of each operation, in rounds.
 * @param {Readonly<Record<string, (index: number) => unknown>>} operations
 * @param {number} rounds
 */
export async function timeOperations(operations, rounds) {
  const loops = Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      (/** @type {number} */ times) => {
        for (let index = 0; index < times; index += 1) operation(index);
      },
    ]),
  );
  return timeInRounds(loops, { rounds, ms: 1 });
}
