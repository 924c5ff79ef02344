// @ts-check
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.mjs';

const server = '/usr/sbin/mariadbd';
/** MariaDB refuses to run as root; Debian's package creates a user for it. */
/** @type {{ uid?: number; gid?: number }} */
const serverUser = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};

/**
 * Starts a MariaDB server on a free port of the loopback interface, with its data in a temporary folder. It is killed when this process
 * exits.
 */
export async function startMariaDb() {
  if (!existsSync(server)) throw new Error(`${server} is missing. Install it: apt-get install mariadb-server`);
  const folder = mkdtempSync(join(tmpdir(), 'mariadb-'));
  const { uid, gid } = serverUser;
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  const small = ['--debug-no-sync', '--innodb-log-file-size=4M', '--innodb-buffer-pool-size=8M', '--skip-name-resolve'];
  // By default, the server resets connections that have not logged in after 10 s, as happens on a busy machine.
  const patient = '--connect-timeout=120';
  // The temporary tables of two installations in one folder have the same names.
  const folders = [`--datadir=${join(folder, 'data')}`, `--tmpdir=${folder}`];
  const settings = ['--no-defaults', patient, ...folders, ...small];
  const socket = join(folder, 'socket');
  const port = await freePort();
  const options = { ...serverUser, cwd: folder };
  const init = [...settings, '--skip-test-db', '--auth-root-authentication-method=normal'];
  execFileSync('mariadb-install-db', init, { ...options, stdio: 'ignore' });
  const args = [...settings, `--socket=${socket}`, '--bind-address=127.0.0.1', `--port=${port}`];
  const child = spawn(server, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  const killAtExit = () => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  let output = '';
  for await (const chunk of child.stderr) {
    output += String(chunk);
    if (output.includes('ready for connections')) break;
  }
  child.stderr.resume();
  if (!output.includes('ready for connections')) throw new Error(`mariadbd did not start: ${output}`);
  return {
    port,
    /** Runs statements as the administrator. They are written to stdin: other users can see arguments. @param {string} sql */
    query(sql) {
      const client = ['--no-defaults', `--socket=${socket}`, '--user=root'];
      execFileSync('mariadb', client, { ...options, input: sql, stdio: ['pipe', 'ignore', 'pipe'] });
    },
    async stop() {
      process.off('exit', killAtExit);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param {string} kind */
function idOf(kind) {
  return Number(execFileSync('id', [kind, 'mysql'], { encoding: 'utf8' }));
}
