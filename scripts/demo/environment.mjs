// @ts-check
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoSecret } from './demo-secret.mjs';
import { Kms } from './kms.mjs';
import { formatSeconds } from './output.mjs';
import { assertBuilt } from './program.mjs';
import { Service } from './service.mjs';
import { services as entries } from './services.mjs';

/** In milliseconds. Short, so that the demo is short. */
export const ttl = 4_000;
/** Options that are added to the properties file of the fake KMS. */
const options = ['secret_names=shop/mail', `KMS_SECRETS_TTL=${ttl / 1_000}s`, 'KMS_SECRETS_NEGATIVE_TTL=1s'];

/** The fake KMS, the services and a temporary directory. */
export class Environment {
  /** The secret that every step reads. */
  secret = new DemoSecret('shop/db');
  /** Preloaded by `secret_names`: no service starts without it. */
  preloaded = new DemoSecret('shop/mail');
  #directory = mkdtempSync(join(tmpdir(), 'kms-secrets-demo-'));
  /** @type {Kms | undefined} */
  #kms;
  /** @type {Service[]} */
  #services = [];
  /** Programs that a step has started and stopped. @type {import('./program.mjs').Program[]} */
  #adopted = [];

  /**
   * @param {import('./output.mjs').Output} output
   * @param {AbortSignal} signal
   */
  async setUp(output, signal) {
    const startedAt = performance.now();
    for (const entry of entries) assertBuilt(entry);
    const secretsFile = join(this.#directory, 'secrets.json');
    const propertiesFile = join(this.#directory, 'secretsmanager.properties');
    const values = [this.secret, this.preloaded].map((secret) => [secret.name, secret.nextValue()]);
    writeFileSync(secretsFile, JSON.stringify(Object.fromEntries(values)), { mode: 0o600 });

    const kms = new Kms({ directory: this.#directory, secretsFile, propertiesFile });
    this.#kms = kms;
    await kms.ready(signal);
    output.detail(`fake KMS     ${kms.urls[0]}  (process ${kms.program.pid})`);

    appendFileSync(propertiesFile, `${options.join('\n')}\n`);
    for (const entry of entries) {
      this.#services.push(new Service({ entry, directory: this.#directory, propertiesFile }));
    }
    const services = this.#services;
    await Promise.all(services.map((service) => service.ready(signal)));
    for (const { name, url, program } of services) {
      output.detail(`${name.padEnd(12)} ${url}  (process ${program.pid})`);
    }
    output.detail(
      'Each service reads this secretsmanager.properties, as the official clients for Java, Go and Python do:',
    );
    for (const line of readFileSync(propertiesFile, 'utf8').trim().split('\n')) output.detail(`  ${masked(line)}`);
    for (const { statusPage } of services) {
      if (statusPage !== undefined) output.detail(`Status page, while the demo runs: ${statusPage}`);
    }
    output.check(
      true,
      `Setup: the fake KMS and ${services.length} services are ready after ${formatSeconds(performance.now() - startedAt)}`,
    );
    const adopt = (/** @type {import('./program.mjs').Program} */ program) => void this.#adopted.push(program);
    return { kms, services, secret: this.secret, preloaded: this.preloaded, adopt };
  }

  get #programs() {
    const all = [...this.#services.map(({ program }) => program), this.#kms?.program, ...this.#adopted];
    return all.filter((program) => program !== undefined);
  }

  /** The last lines of each program, without the settings that the fake KMS prints for the shell. */
  recentOutput() {
    return this.#programs
      .flatMap(({ lines }) => lines.filter((line) => !/^(?:#|export) /u.test(line)).slice(-5))
      .join('\n');
  }

  /** Everything that the programs printed. */
  get printed() {
    return this.#programs.flatMap(({ lines }) => lines);
  }

  get processCount() {
    return this.#programs.length;
  }

  /**
   * Stops the programs, removes the directory, and verifies both.
   *
   * @returns {Promise<{ exits: string; leftovers: string[] }>} the exit codes, and what was not cleaned up
   */
  async tearDown() {
    const programs = this.#programs;
    /** @type {string[]} */
    const leftovers = [];
    // KMS last: a service may send a request while it stops.
    const exits = await Promise.all(this.#services.map(({ program }) => exitOf(program)));
    if (this.#kms !== undefined) exits.push(await exitOf(this.#kms.program));
    for (const service of this.#services) {
      for (const file of service.cleanUp()) leftovers.push(`${file} of ${service.name} (removed now)`);
    }
    rmSync(join(this.#directory, 'secrets.json'), { force: true });
    for (const file of readdirSync(this.#directory, { recursive: true }).map(String)) {
      leftovers.push(`${file} of the fake KMS (removed now)`);
    }
    rmSync(this.#directory, { recursive: true, force: true });

    if (existsSync(this.#directory)) leftovers.push(`the directory ${this.#directory}`);
    for (const program of programs) {
      if (isAlive(program.pid)) leftovers.push(`the process ${program.pid} of ${program.name}`);
    }
    for (const url of [...this.#services.map((service) => service.url), ...(this.#kms?.urls ?? [])]) {
      if (url !== '' && (await isOpen(url))) leftovers.push(`the open port ${url}`);
    }
    return { exits: exits.length === 0 ? 'no process was started' : exits.join(', '), leftovers };
  }
}

/** @param {import('./program.mjs').Program} program */
async function exitOf(program) {
  const exit = await program.stop();
  // Next exits with 128 plus the number of the signal, as shells report a process that SIGTERM ended: a normal stop.
  return `${program.name} ${exit === 0 || exit === 143 ? 'stopped' : `exited with ${exit}`}`;
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
