// @ts-check
// Import this with a different query for each contender (`./read-loop.mjs?peek`), so that each gets its own copy and V8 optimizes
// each loop for the one function that it calls. In a shared loop the call would be megamorphic.

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
