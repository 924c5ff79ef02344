// @ts-check

/** Tells the story line by line: no cursor tricks, so that a log file reads as a terminal does. */
export class Narrator {
  /** @type {string[]} */
  #told = [];
  #started = performance.now();

  /** Everything that was told, for the look for values at the end. */
  get told() {
    return this.#told;
  }

  /** @param {string} text */
  say(text) {
    this.#told.push(text);
    process.stdout.write(`${text}\n`);
  }

  /** @param {string} text */
  heading(text) {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(0);
    this.say(`\n[${seconds.padStart(2)} s] ${text}`);
  }

  /** @param {string} text one line, or several */
  detail(text) {
    for (const line of text.split('\n')) this.say(`         ${line}`);
  }

  /**
   * One line for each service.
   *
   * @param {readonly string[]} head
   * @param {readonly (readonly string[])[]} rows
   */
  table(head, rows) {
    const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column]?.length ?? 0)));
    for (const cells of [head, ...rows]) {
      const padded = cells.map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      });
      this.detail(padded.join('  '));
    }
  }

  /**
   * @param {boolean} holds
   * @param {string} text
   */
  verdict(holds, text) {
    const [first, ...rest] = text.split('\n');
    this.say(`       ${holds ? '✓' : '✗'} ${first}`);
    for (const line of rest) this.detail(line);
  }
}

/** @param {number} ms */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** @param {number} ms */
export const millis = (ms) => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

/** @param {number} count */
export const counted = (count) => count.toLocaleString('en-US');
