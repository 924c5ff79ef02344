// @ts-check
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { poll } from './poll.mjs';

/** Milliseconds between SIGTERM and SIGKILL. */
const killTimeout = 8_000;

/** A Node program in its own process. */
export class Program {
  /** What the program printed on stdout and stderr. @type {string[]} */
  lines = [];
  /** @type {import('node:child_process').ChildProcess} */
  #process;
  /** The exit code, or the signal that ended the process. @type {Promise<number | string>} */
  #exit;
  #hasExited = false;

  /** @param {{ name: string; program: string; args?: string[]; cwd: string; env: Record<string, string> }} options */
  constructor({ name, program, args = [], cwd, env }) {
    assertBuilt({ name, program });
    this.name = name;
    // Only PATH is inherited: other variables of this shell could take precedence over the properties file.
    const inherited = { PATH: process.env['PATH'] ?? '' };
    this.#process = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    this.#exit = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('close', (code, signal) => resolve(code ?? signal ?? ''));
    }).then((exit) => {
      this.#hasExited = true;
      return exit;
    });
  }

  get pid() {
    return this.#process.pid ?? 0;
  }

  get isRunning() {
    return !this.#hasExited;
  }

  /**
   * Waits for a line that matches; returns its first group.
   *
   * @param {RegExp} pattern
   * @param {AbortSignal} signal
   */
  async line(pattern, signal) {
    const find = () => {
      for (const line of this.lines) {
        const match = pattern.exec(line);
        if (match !== null) return match[1] ?? '';
      }
      if (this.#hasExited) throw new Error(`${this.name} exited before it was ready:\n${this.lines.join('\n')}`);
      return undefined;
    };
    return (await poll(find, { timeout: 20_000, signal, what: `The start of ${this.name}` })).result;
  }

  /** Sends SIGTERM, and SIGKILL if the process does not exit. @returns {Promise<number | string>} */
  async stop() {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), killTimeout);
    if (this.isRunning) this.#process.kill('SIGTERM');
    const exit = await this.#exit;
    clearTimeout(timer);
    return exit;
  }
}

/** @param {{ name: string; program: string }} options */
export function assertBuilt({ name, program }) {
  if (!existsSync(program)) throw new Error(`${name} is not built. Run "npm run demo", which builds it first.`);
}
