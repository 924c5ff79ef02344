// @ts-check
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdBuilt } from './child.mjs';
import { Kms } from './kms.mjs';
import { MadeUpSecret } from './made-up-secret.mjs';
import { Service } from './service.mjs';
import { services as entries } from './services.mjs';

/** What our own options are set to, in the services' file: short times, so that the story is a short one. */
export const ttl = 4_000;
const ourLines = ['secret_names=shop/mail', `KMS_SECRETS_TTL=${ttl / 1_000}s`, 'KMS_SECRETS_NEGATIVE_TTL=1s'];

/** A fake KMS, the services and a temporary directory: set up before the story, and gone after it, whatever happened. */
export class Stage {
  /** Read by every step. */
  secret = new MadeUpSecret('shop/db');
  /** Named in `secret_names`, so that no service starts without it. */
  preloaded = new MadeUpSecret('shop/mail');
  #directory = mkdtempSync(join(tmpdir(), 'kms-secrets-demo-'));
  /** @type {Kms | undefined} */
  #kms;
  /** @type {Service[]} */
  #services = [];

  /**
   * @param {import('./narrator.mjs').Narrator} narrator
   * @param {AbortSignal} signal
   */
  async setUp(narrator, signal) {
    const started = performance.now();
    for (const entry of entries) holdBuilt(entry);
    const secretsFile = join(this.#directory, 'secrets.json');
    const propertiesFile = join(this.#directory, 'secretsmanager.properties');
    const values = [this.secret, this.preloaded].map((secret) => [secret.name, secret.nextValue()]);
    writeFileSync(secretsFile, JSON.stringify(Object.fromEntries(values)), { mode: 0o600 });

    const kms = new Kms({ directory: this.#directory, secretsFile, propertiesFile });
    this.#kms = kms;
    await kms.ready(signal);
    narrator.detail(`Fake KMS     ${kms.urls[0]}  (process ${kms.child.pid})`);

    appendFileSync(propertiesFile, `${ourLines.join('\n')}\n`);
    for (const entry of entries) {
      this.#services.push(new Service({ entry, directory: this.#directory, propertiesFile }));
    }
    const services = this.#services;
    await Promise.all(services.map((service) => service.ready(signal)));
    for (const { name, url, child } of services) narrator.detail(`${name.padEnd(12)} ${url}  (process ${child.pid})`);
    narrator.detail('Configured by a secretsmanager.properties, as the clients for Java, Go and Python are:');
    for (const line of readFileSync(propertiesFile, 'utf8').trim().split('\n')) narrator.detail(`  ${masked(line)}`);
    for (const { page } of services)
      if (page !== undefined) narrator.detail(`To look on in a browser meanwhile: ${page}`);
    narrator.verdict(true, `all are up after ${((performance.now() - started) / 1_000).toFixed(1)} s`);
    return { kms, services, secret: this.secret, preloaded: this.preloaded };
  }

  get #children() {
    const all = [...this.#services.map(({ child }) => child), this.#kms?.child];
    return all.filter((child) => child !== undefined);
  }

  /** What the processes said last. */
  lastWords() {
    return this.#children
      .flatMap(({ lines }) => lines.filter((line) => !/^(?:#|export) /u.test(line)).slice(-5))
      .join('\n');
  }

  /** Everything that the processes printed. */
  get printed() {
    return this.#children.flatMap(({ lines }) => lines);
  }

  get processCount() {
    return this.#children.length;
  }

  /**
   * Ends the processes, removes the directory, and looks whether that is true.
   *
   * @returns {Promise<{ ends: string; left: string[] }>} how they ended, and what is left behind: nothing, if all is well
   */
  async tearDown() {
    const children = this.#children;
    /** @type {string[]} */
    const left = [];
    // KMS last, of which the services may still want something.
    const ends = await Promise.all(this.#services.map(({ child }) => endOf(child)));
    if (this.#kms !== undefined) ends.push(await endOf(this.#kms.child));
    for (const service of this.#services) {
      for (const file of service.cleanUp()) left.push(`${file}, which ${service.name} has not removed (it is now)`);
    }
    rmSync(join(this.#directory, 'secrets.json'), { force: true });
    for (const file of readdirSync(this.#directory, { recursive: true }).map(String)) {
      left.push(`${file}, which the fake KMS has not removed (it is now)`);
    }
    rmSync(this.#directory, { recursive: true, force: true });

    if (existsSync(this.#directory)) left.push(`the directory ${this.#directory}`);
    for (const child of children) if (isAlive(child.pid)) left.push(`${child.name}, process ${child.pid}`);
    for (const url of [...this.#services.map((service) => service.url), ...(this.#kms?.urls ?? [])]) {
      if (url !== '' && (await isOpen(url))) left.push(`an open port: ${url}`);
    }
    return { ends: ends.join(', ') || 'nothing was started', left };
  }
}

/** @param {import('./child.mjs').Child} child */
async function endOf(child) {
  const end = await child.stop();
  // 128 and the number of the signal: how a shell, and Next, say that it was asked to end, and did.
  return `${child.name} ended with ${end === 143 ? '143 (by SIGTERM)' : end}`;
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
