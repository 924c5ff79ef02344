// @ts-check
import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const installed = '/usr/lib/postgresql';

/** The folder of the programs of the newest PostgreSQL; `undefined` if none is installed. */
function folderOfPrograms() {
  const versions = existsSync(installed)
    ? readdirSync(installed).toSorted((one, other) => Number(other) - Number(one))
    : [];
  return versions
    .map((version) => join(installed, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

/** A PostgreSQL server on the loopback interface, with its data in a temporary folder. */
export class Postgres {
  static get isInstalled() {
    return folderOfPrograms() !== undefined;
  }

  /** Below the ephemeral ports, which the system gives to outgoing connections. */
  port = randomInt(15_000, 32_768);
  /** PostgreSQL refuses to run as root; Debian's package creates a user for it. @type {{ uid?: number; gid?: number }} */
  #user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  #folder = mkdtempSync(join(tmpdir(), 'kms-secrets-demo-postgres-'));
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;

  async start() {
    const { uid, gid } = this.#user;
    if (uid !== undefined && gid !== undefined) chownSync(this.#folder, uid, gid);
    this.#run('initdb', ['-D', this.#folder, '-U', 'admin', '--auth-local=trust', '--auth-host=scram-sha-256', '-N']);
    const settings = [`port=${this.port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${this.#folder}`];
    const args = ['-D', this.#folder, ...settings.flatMap((setting) => ['-c', setting])];
    const server = spawn(this.#program('postgres'), args, { ...this.#user, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = server;
    let output = '';
    for await (const chunk of server.stderr) {
      output += String(chunk);
      if (output.includes('ready to accept connections')) break;
    }
    server.stderr.resume();
    if (!output.includes('ready to accept connections')) throw new Error(`PostgreSQL did not start: ${output}`);
  }

  /** Runs statements as the administrator, who needs no password. They are written to stdin: other users can see arguments. @param {string} sql */
  query(sql) {
    const args = [
      '-h',
      this.#folder,
      '-p',
      String(this.port),
      '-U',
      'admin',
      '-d',
      'postgres',
      '-q',
      '-v',
      'ON_ERROR_STOP=1',
    ];
    execFileSync(this.#program('psql'), args, {
      ...this.#user,
      cwd: this.#folder,
      input: sql,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  /** Stops the server and removes its folder. */
  async stop() {
    if (this.#process !== undefined && this.#process.exitCode === null) {
      this.#process.kill('SIGINT');
      await once(this.#process, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @param {string} name */
  #program(name) {
    return join(folderOfPrograms() ?? installed, name);
  }

  /**
   * @param {string} name
   * @param {string[]} args
   */
  #run(name, args) {
    execFileSync(this.#program(name), args, { ...this.#user, cwd: this.#folder, stdio: 'ignore' });
  }
}

/** @param {string} kind */
function idOf(kind) {
  return Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
}
