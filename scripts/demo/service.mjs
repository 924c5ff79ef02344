// @ts-check
import { join } from 'node:path';
import { Child } from './child.mjs';
import { root } from './root.mjs';

/**
 * What the service tells of a secret, or why it does not.
 *
 * @typedef {{ status: number; versionId?: string; stale?: boolean; sha256?: string; code?: string }} Answer
 */

/** `apps/express-api` in a process of its own. */
export class Service {
  url = '';

  /** @param {{ directory: string; temporary: string }} options */
  constructor({ directory, temporary }) {
    this.child = new Child({
      name: 'The service',
      program: join(root, 'apps/express-api/dist/main.js'),
      cwd: directory,
      env: { PORT: '0', TMPDIR: temporary },
    });
  }

  /** @param {AbortSignal} signal */
  async ready(signal) {
    this.url = await this.child.line(/listens on (\S+)$/u, signal);
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
    const body = /** @type {Omit<Answer, 'status'>} */ (await response.json()); // as apps/express-api writes it
    return { ...body, status: response.status };
  }
}
