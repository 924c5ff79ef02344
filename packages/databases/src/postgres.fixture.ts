import { execFileSync } from 'node:child_process';
import pg from 'pg';
import { freePort } from './free-port.fixture.ts';
import { programOf, serverFolder, serverUser, startServer } from './server-process.fixture.ts';

/** A PostgreSQL server on loopback, with its data in a temporary folder. */
export interface PostgresServer {
  readonly port: number;
  /** Runs statements as the administrator, who needs no password. */
  query(sql: string): Promise<void>;
  stop(): Promise<void>;
}

const folderOfPrograms = '/usr/lib/postgresql';

export async function startPostgres(): Promise<PostgresServer> {
  const user = serverUser('postgres');
  const folder = serverFolder('postgres-', user);
  const program = (name: string): string => programOf(folderOfPrograms, name, 'postgresql');
  const init = [
    '-D',
    folder,
    '-U',
    'admin',
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
    '--no-sync',
    '-E',
    'UTF8',
  ];
  execFileSync(program('initdb'), init, { ...user, cwd: folder, stdio: 'ignore' });
  const port = await freePort();
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off'];
  const args = ['-D', folder, ...settings.flatMap((setting) => ['-c', setting])];
  const stop = await startServer(program('postgres'), args, { user, folder, ready: 'ready to accept connections' });
  const admin = new pg.Client({ host: folder, port, user: 'admin', database: 'postgres' });
  await admin.connect();
  return {
    port,
    query: async (sql) => void (await admin.query(sql)),
    async stop() {
      await admin.end();
      await stop();
    },
  };
}
