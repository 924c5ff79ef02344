import { execFileSync } from 'node:child_process';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { DatabaseUnderTest } from './driver-under-test.fixture.ts';
import { freePort } from './free-port.fixture.ts';
import { programOf, serverFolder, serverUser, startServer } from './server-process.fixture.ts';

/** A PostgreSQL server on loopback, with its data in a temporary folder. */
interface PostgresServer {
  readonly port: number;
  /** Runs statements as the administrator, who needs no password. */
  query(sql: string): Promise<void>;
  stop(): Promise<void>;
}

const folderOfPrograms = '/usr/lib/postgresql';

async function startPostgres(): Promise<PostgresServer> {
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

export interface PostgresUnderTest extends DatabaseUnderTest {
  /** Runs statements as the administrator. */
  readonly query: (sql: string) => Promise<void>;
}

/** A server for the tests of a file. */
export function postgresUnderTest(): PostgresUnderTest {
  let server: PostgresServer;
  let roles = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  return {
    name: 'postgres',
    port: () => server.port,
    query: (sql) => server.query(sql),
    async newAccount(password) {
      roles += 1;
      await server.query(`CREATE ROLE app${roles} LOGIN PASSWORD '${password}'`);
      return `app${roles}`;
    },
    changePassword: (role, password) => server.query(`ALTER ROLE ${role} PASSWORD '${password}'`),
    currentUser: 'SELECT current_user AS name',
    forbidden: 'CREATE ROLE other',
  };
}

/** What PostgreSQL reports for a rejected account, a missing database, and a missing privilege. */
export const postgresCodes = { rejected: '28P01', missingDatabase: '3D000', forbidden: '42501' } as const;
