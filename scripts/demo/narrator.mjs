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

/** @param {number} count */
export const counted = (count) => count.toLocaleString('en-US');
