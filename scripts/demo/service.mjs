// @ts-check
import { copyFileSync, mkdirSync, rmSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.mjs';

/**
 * What a service tells of a secret, or why it does not.
 *
 * @typedef {{ status: number; versionId?: string; stale?: boolean; sha256?: string; code?: string }} Answer
 */

/** One service in a process of its own, in a directory of its own. */
export class Service {
  url = '';
  #home;
  #entry;

  /** @param {{ entry: import('./services.mjs').ServiceEntry; directory: string; propertiesFile: string }} options */
  constructor({ entry, directory, propertiesFile }) {
    this.name = entry.name;
    this.#home = join(directory, entry.name);
    this.#entry = entry;
    mkdirSync(this.#home);
    copyFileSync(propertiesFile, join(this.#home, 'secretsmanager.properties'));
    this.child = new Child({
      name: entry.name,
      program: entry.program,
      args: entry.args ?? [],
      cwd: this.#home,
      env: { PORT: '0', TMPDIR: this.#home, ...entry.env },
    });
  }

  /** @param {AbortSignal} signal */
  async ready(signal) {
    this.url = await this.child.line(this.#entry.listens, signal);
  }

  /** Where a person can look on, if it has a page for that. */
  get page() {
    return this.#entry.page === undefined ? undefined : this.url + this.#entry.page;
  }

  /** Removes its directory; returns what it had left in it. */
  cleanUp() {
    rmSync(join(this.#home, 'secretsmanager.properties'), { force: true });
    const left = readdirSync(this.#home, { recursive: true }).map(String);
    rmSync(this.#home, { recursive: true, force: true });
    return left;
  }

  /** @param {string} name */
  path(name) {
    return `/secrets/${encodeURIComponent(name)}`;
  }

  /**
   * @param {string} name
   * @returns {Promise<Answer>}
   */
  async read(name) {
    return this.#answer(await fetch(this.url + this.path(name)));
  }

  /**
   * @param {string} name
   * @returns {Promise<Answer>}
   */
  async refresh(name) {
    return this.#answer(await fetch(`${this.url}${this.path(name)}/refresh`, { method: 'POST' }));
  }

  /**
   * @param {Response} response
   * @returns {Promise<Answer>}
   */
  async #answer(response) {
    const body = /** @type {Omit<Answer, 'status'>} */ (await response.json()); // as every app writes it
    return { ...body, status: response.status };
  }
}
