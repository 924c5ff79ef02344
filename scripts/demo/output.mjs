// @ts-check

/** Prints plain lines without moving the cursor, so that the output is readable in a log file too. */
export class Output {
  /** Every line that was printed. @type {string[]} */
  printed = [];
  #startedAt = performance.now();

  /** @param {string} text */
  line(text) {
    this.printed.push(text);
    process.stdout.write(`${text}\n`);
  }

  /** @param {string} text */
  heading(text) {
    const elapsed = ((performance.now() - this.#startedAt) / 1000).toFixed(0);
    this.line(`\n[${elapsed.padStart(2)} s] ${text}`);
  }

  /** @param {string} text one or more lines */
  detail(text) {
    for (const line of text.split('\n')) this.line(`         ${line}`);
  }

  /**
   * @param {readonly string[]} header
   * @param {readonly (readonly string[])[]} rows
   */
  table(header, rows) {
    const widths = header.map((_, column) => Math.max(...[header, ...rows].map((cells) => cells[column]?.length ?? 0)));
    for (const cells of [header, ...rows]) {
      const padded = cells.map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      });
      this.detail(padded.join('  '));
    }
  }

  /**
   * @param {boolean} passed
   * @param {string} text
   */
  check(passed, text) {
    const [first, ...rest] = text.split('\n');
    this.line(`       ${passed ? '✓' : '✗'} ${first}`);
    for (const line of rest) this.detail(line);
  }
}

/** @param {number} ms */
export const formatSeconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** @param {number} ms */
export const formatMs = (ms) => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

/** @param {number} count */
export const formatCount = (count) => count.toLocaleString('en-US');
