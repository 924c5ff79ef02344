// @ts-check
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kms } from './kms.mjs';
import { MadeUpSecret } from './made-up-secret.mjs';
import { Service } from './service.mjs';

/** What our own options are set to, in the service's file: short times, so that the story is a short one. */
export const ttl = 4_000;
const ourLines = ['secret_names=shop/mail', `KMS_SECRETS_TTL=${ttl / 1_000}s`, 'KMS_SECRETS_NEGATIVE_TTL=1s'];

/** Two processes and a temporary directory: set up before the story, and gone after it, whatever happened. */
export class Stage {
  /** Read by every step. */
  secret = new MadeUpSecret('shop/db');
  /** Named in `secret_names`, so that the service does not start without it. */
  preloaded = new MadeUpSecret('shop/mail');
  #directory = mkdtempSync(join(tmpdir(), 'kms-secrets-demo-'));
  /** @type {Kms | undefined} */
  #kms;
  /** @type {Service | undefined} */
  #service;

  /**
   * @param {import('./narrator.mjs').Narrator} narrator
   * @param {AbortSignal} signal
   */
  async setUp(narrator, signal) {
    const started = performance.now();
    const home = join(this.#directory, 'service');
    mkdirSync(home);
    const [secretsFile, propertiesFile] = [
      join(this.#directory, 'secrets.json'),
      join(home, 'secretsmanager.properties'),
    ];
    const values = [this.secret, this.preloaded].map((secret) => [secret.name, secret.nextValue()]);
    writeFileSync(secretsFile, JSON.stringify(Object.fromEntries(values)), { mode: 0o600 });

    const kms = new Kms({ directory: this.#directory, secretsFile, propertiesFile });
    this.#kms = kms;
    await kms.ready(signal);
    narrator.detail(`Fake KMS    ${kms.urls[0]}  (process ${kms.child.pid})`);

    appendFileSync(propertiesFile, `${ourLines.join('\n')}\n`);
    const service = new Service({ directory: home, temporary: this.#directory });
    this.#service = service;
    await service.ready(signal);
    narrator.detail(`Service     ${service.url}  (process ${service.child.pid}), apps/express-api`);
    narrator.detail('Configured by its secretsmanager.properties, as the clients for Java, Go and Python are:');
    for (const line of readFileSync(propertiesFile, 'utf8').trim().split('\n')) narrator.detail(`  ${masked(line)}`);
    narrator.verdict(true, `both are up after ${((performance.now() - started) / 1_000).toFixed(1)} s`);
    return { kms, service, secret: this.secret, preloaded: this.preloaded };
  }

  /** What the two processes said last. */
  lastWords() {
    const of = (/** @type {import('./child.mjs').Child | undefined} */ child) =>
      (child?.lines ?? []).filter((line) => !/^(?:#|export) /u.test(line)).slice(-5);
    return [...of(this.#kms?.child), ...of(this.#service?.child)].join('\n');
  }

  /** Everything both processes printed. */
  get printed() {
    return [...(this.#kms?.child.lines ?? []), ...(this.#service?.child.lines ?? [])];
  }

  /**
   * Ends both processes, removes the directory, and looks whether that is true.
   *
   * @returns {Promise<{ ends: string; left: string[] }>} how they ended, and what is left behind: nothing, if all is well
   */
  async tearDown() {
    const children = [this.#service?.child, this.#kms?.child].filter((child) => child !== undefined);
    /** @type {string[]} */
    const left = [];
    /** @type {string[]} */
    const ends = [];
    for (const child of children) ends.push(`${child.name} ended with ${await child.stop()}`);
    rmSync(join(this.#directory, 'secrets.json'), { force: true });
    for (const file of readdirSync(this.#directory, { recursive: true }).map(String)) {
      if (file !== 'service') left.push(`${file}, which its process has not removed (it is now)`);
    }
    rmSync(this.#directory, { recursive: true, force: true });

    if (existsSync(this.#directory)) left.push(`the directory ${this.#directory}`);
    for (const child of children) if (isAlive(child.pid)) left.push(`${child.name}, process ${child.pid}`);
    for (const url of [this.#service?.url, ...(this.#kms?.urls ?? [])]) {
      if (url !== undefined && url !== '' && (await isOpen(url))) left.push(`an open port: ${url}`);
    }
    return { ends: ends.join(', '), left };
  }
}

/** @param {string} line */
function masked(line) {
  return line
    .replace(/^(credentials_access_secret)=.*$/u, '$1=(not shown)')
    .replace(/"caFilePath":"[^"]*\//u, '"caFilePath":"…/');
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return pid !== 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {string} url @returns {Promise<boolean>} */
function isOpen(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
