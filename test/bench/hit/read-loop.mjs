// @ts-check
// Import this with a query of its own for each contender (`./read-loop.mjs?peek`): then each has its own copy, and the
// engine compiles each loop for the one function it calls. One loop for all would make every call a guess.

/**
 * @public
 * @param {(name: string) => unknown} read
 * @param {readonly string[]} order its length is a power of two
 */
export function syncLoop(read, order) {
  const mask = order.length - 1;
  return (/** @type {number} */ times) => {
    let missed = 0;
    for (let index = 0; index < times; index += 1) {
      if (read(/** @type {string} */ (order[index & mask])) === undefined) missed += 1;
    }
    if (missed > 0) throw new Error(`${missed} of ${times} reads found nothing.`);
  };
}

/**
 * @public
 * @param {(name: string) => unknown} read
 * @param {readonly string[]} order its length is a power of two
 */
export function asyncLoop(read, order) {
  const mask = order.length - 1;
  return async (/** @type {number} */ times) => {
    let missed = 0;
    for (let index = 0; index < times; index += 1) {
      if ((await read(/** @type {string} */ (order[index & mask]))) === undefined) missed += 1;
    }
    if (missed > 0) throw new Error(`${missed} of ${times} reads found nothing.`);
  };
}
