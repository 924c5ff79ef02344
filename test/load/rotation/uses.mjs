// @ts-check

/** Counts the uses of connections, for drivers that do not renew a connection after a number of uses. */
export class Uses {
  /** @type {Map<unknown, number>} */
  #uses = new Map();
  #max;

  /** @param {number} max */
  constructor(max) {
    this.#max = max;
  }

  /** Whether the connection has been used often enough. Call it once per use. @param {unknown} connection */
  isLast(connection) {
    const count = (this.#uses.get(connection) ?? 0) + 1;
    if (count < this.#max) this.#uses.set(connection, count);
    else this.#uses.delete(connection);
    return count >= this.#max;
  }
}
