// @ts-check
import { join } from 'node:path';
import { Program } from './program.mjs';
import { root } from './root.mjs';

/** @typedef {{ secretName?: string; status?: number; code?: string; protocol: string }} KmsRequest */

/** The fake KMS in its own process, controlled through its admin API. */
export class Kms {
  /** The URLs of its endpoint and its admin API. @type {string[]} */
  urls = [];
  #admin = '';

  /** @param {{ directory: string; secretsFile: string; propertiesFile: string }} options */
  constructor({ directory, secretsFile, propertiesFile }) {
    this.program = new Program({
      name: 'fake KMS',
      program: join(root, 'packages/testing/dist/cli/fake-kms.js'),
      args: [secretsFile, '--admin', '--properties', propertiesFile],
      cwd: directory,
      env: { TMPDIR: directory },
    });
  }

  /** @param {AbortSignal} signal */
  async ready(signal) {
    const url = await this.program.line(/^# fake-kms is ready: .* at (\S+)$/u, signal);
    this.#admin = await this.program.line(/^export FAKE_KMS_ADMIN='(.+)'$/u, signal);
    this.urls = [url, this.#admin];
  }

  /**
   * Gives a secret a new version, as its owner or the automatic rotation of KMS does.
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

  /** Makes KMS respond with 429 to every request. */
  async throttle() {
    await this.#post('/fault', { kind: 'throttle' });
  }

  async heal() {
    await this.#post('/heal', {});
  }

  /** Closes the port of the endpoint and all connections. */
  async stop() {
    await this.#post('/stop', { region: 'cn-hangzhou' });
  }

  async start() {
    await this.#post('/start', { region: 'cn-hangzhou' });
  }

  /** The requests since the last `clearRequests`. @returns {Promise<KmsRequest[]>} */
  async requests() {
    return /** @type {KmsRequest[]} */ (await this.#request('/requests')); // tested in packages/testing
  }

  async clearRequests() {
    await this.#post('/clear-requests', {});
  }

  /** Completed TLS handshakes. @returns {Promise<number>} */
  async handshakes() {
    const { handshakes } = /** @type {{ handshakes: number }} */ (await this.#request('/counts')); // as above
    return handshakes;
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  #post(path, body) {
    const headers = { 'content-type': 'application/json' };
    return this.#request(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   * @returns {Promise<unknown>}
   */
  async #request(path, init) {
    const response = await fetch(this.#admin + path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`The fake KMS rejected ${path}: ${text}`);
    return JSON.parse(text);
  }
}
