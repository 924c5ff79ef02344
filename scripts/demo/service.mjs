// @ts-check
import { copyFileSync, mkdirSync, rmSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from './program.mjs';

/**
 * The response of a service to a read: the metadata of the secret, or an error code.
 *
 * @typedef {{ status: number; versionId?: string; stale?: boolean; sha256?: string; code?: string }} ReadResponse
 */

/** A service in its own process, with its own working directory. */
export class Service {
  url = '';
  #directory;
  #entry;

  /** @param {{ entry: import('./services.mjs').ServiceEntry; directory: string; propertiesFile: string }} options */
  constructor({ entry, directory, propertiesFile }) {
    this.name = entry.name;
    this.#directory = join(directory, entry.name);
    this.#entry = entry;
    mkdirSync(this.#directory);
    copyFileSync(propertiesFile, join(this.#directory, 'secretsmanager.properties'));
    this.program = new Program({
      name: entry.name,
      program: entry.program,
      args: entry.args ?? [],
      cwd: this.#directory,
      // No load balancer sends requests: a service need not wait after SIGTERM.
      env: { PORT: '0', SHUTDOWN_DELAY_MS: '0', TMPDIR: this.#directory, ...entry.env },
    });
  }

  /** @param {AbortSignal} signal */
  async ready(signal) {
    this.url = await this.program.line(this.#entry.listens, signal);
  }

  /** The URL of its status page for browsers, if it has one. */
  get statusPage() {
    return this.#entry.statusPage === undefined ? undefined : this.url + this.#entry.statusPage;
  }

  /** Removes its directory. Returns the files that the service left there, except those of its framework. */
  cleanUp() {
    rmSync(join(this.#directory, 'secretsmanager.properties'), { force: true });
    const { writes } = this.#entry;
    if (writes !== undefined) rmSync(join(this.#directory, writes), { recursive: true, force: true });
    const leftovers = readdirSync(this.#directory, { recursive: true }).map(String);
    rmSync(this.#directory, { recursive: true, force: true });
    return leftovers;
  }

  /** @param {string} name */
  path(name) {
    return `/secrets/${encodeURIComponent(name)}`;
  }

  /**
   * @param {string} name
   * @returns {Promise<ReadResponse>}
   */
  async read(name) {
    return this.#parse(await fetch(this.url + this.path(name)));
  }

  /**
   * @param {string} name
   * @returns {Promise<ReadResponse>}
   */
  async refresh(name) {
    return this.#parse(await fetch(`${this.url}${this.path(name)}/refresh`, { method: 'POST' }));
  }

  /**
   * @param {Response} response
   * @returns {Promise<ReadResponse>}
   */
  async #parse(response) {
    const body = /** @type {Omit<ReadResponse, 'status'>} */ (await response.json()); // every app has these routes
    return { ...body, status: response.status };
  }
}
