// @ts-check
import { join } from 'node:path';
import { Child } from './child.mjs';
import { root } from './root.mjs';

/** @typedef {{ secretName?: string; status?: number; code?: string; protocol: string }} KmsRequest */

/** The fake KMS in a process of its own, driven through its admin API. */
export class Kms {
  /** @type {string[]} what it listens on, for the look at the end */
  urls = [];
  #admin = '';

  /** @param {{ directory: string; secretsFile: string; propertiesFile: string }} options */
  constructor({ directory, secretsFile, propertiesFile }) {
    this.child = new Child({
      name: 'The fake KMS',
      program: join(root, 'packages/testing/dist/cli/fake-kms.js'),
      args: [secretsFile, '--admin', '--properties', propertiesFile],
      cwd: directory,
      env: { TMPDIR: directory },
    });
  }

  /** @param {AbortSignal} signal */
  async ready(signal) {
    const url = await this.child.line(/^# fake-kms is ready: .* at (\S+)$/u, signal);
    this.#admin = await this.child.line(/^export FAKE_KMS_ADMIN='(.+)'$/u, signal);
    this.urls = [url, this.#admin];
  }

  /**
   * Gives a secret a new value, as its owner or KMS's own rotation does.
   *
   * @param {string} name
   * @param {string} value
   */
  async rotate(name, value) {
    await this.#post('/rotate', { name, value });
  }

  /** @param {string} name */
  async deny(name) {
    await this.#post('/deny', { name });
  }

  /** @param {string} name */
  async allow(name) {
    await this.#post('/allow', { name });
  }

  /** From now on every request is answered with 429. */
  async throttle() {
    await this.#post('/fault', { kind: 'throttle' });
  }

  async heal() {
    await this.#post('/heal', {});
  }

  /** Closes its port and all connections. */
  async goAway() {
    await this.#post('/stop', { region: 'cn-hangzhou' });
  }

  async comeBack() {
    await this.#post('/start', { region: 'cn-hangzhou' });
  }

  /** What it was asked since `clearRequests`. @returns {Promise<KmsRequest[]>} */
  async requests() {
    return /** @type {KmsRequest[]} */ (await this.#ask('/requests')); // as the fake's own tests have it
  }

  async clearRequests() {
    await this.#post('/clear-requests', {});
  }

  /** Completed TLS handshakes. @returns {Promise<number>} */
  async handshakes() {
    const { handshakes } = /** @type {{ handshakes: number }} */ (await this.#ask('/counts')); // as above
    return handshakes;
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  #post(path, body) {
    const headers = { 'content-type': 'application/json' };
    return this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   * @returns {Promise<unknown>}
   */
  async #ask(path, init) {
    const response = await fetch(this.#admin + path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`The fake KMS refused ${path}: ${text}`);
    return JSON.parse(text);
  }
}
