// @ts-check
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { until } from './waiting.mjs';

/** How long a process may take to end by itself before it is killed. */
const patience = 8_000;

/** A Node program in a process of its own. */
export class Child {
  /** What it printed, on either stream. @type {string[]} */
  lines = [];
  /** @type {import('node:child_process').ChildProcess} */
  #process;
  /** @type {Promise<number | string>} its exit code, or the signal that ended it */
  #end;
  #hasEnded = false;

  /** @param {{ name: string; program: string; args?: string[]; cwd: string; env: Record<string, string> }} options */
  constructor({ name, program, args = [], cwd, env }) {
    holdBuilt({ name, program });
    this.name = name;
    // Nothing of this shell's environment but PATH: a variable left over would win over the file that is shown.
    const inherited = { PATH: process.env['PATH'] ?? '' };
    this.#process = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    this.#end = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('close', (code, signal) => resolve(code ?? signal ?? ''));
    }).then((end) => {
      this.#hasEnded = true;
      return end;
    });
  }

  get pid() {
    return this.#process.pid ?? 0;
  }

  get isRunning() {
    return !this.#hasEnded;
  }

  /**
   * Waits for a line; returns its first group.
   *
   * @param {RegExp} pattern
   * @param {AbortSignal} signal
   */
  async line(pattern, signal) {
    const look = () => {
      for (const line of this.lines) {
        const match = pattern.exec(line);
        if (match !== null) return match[1] ?? '';
      }
      if (this.#hasEnded) throw new Error(`${this.name} ended before it was ready:\n${this.lines.join('\n')}`);
      return undefined;
    };
    return (await until(look, { within: 20_000, signal, what: `The start of ${this.name}` })).found;
  }

  /** Asks it to end, and kills it if it does not. @returns {Promise<number | string>} */
  async stop() {
    const killing = setTimeout(() => this.#process.kill('SIGKILL'), patience);
    if (this.isRunning) this.#process.kill('SIGTERM');
    const end = await this.#end;
    clearTimeout(killing);
    return end;
  }
}

/** @param {{ name: string; program: string }} given */
export function holdBuilt({ name, program }) {
  if (!existsSync(program)) throw new Error(`${name} is not built. "npm run demo" builds it first.`);
}
