import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll } from 'vitest';
import type { DatabaseUnderTest } from './driver-under-test.fixture.ts';
import { freePort } from './free-port.fixture.ts';
import { databaseSecret } from './rotation.fixture.ts';
import type { DatabaseSecret } from './rotation.fixture.ts';
import { programOf, serverFolder, serverUser, startServer } from './server-process.fixture.ts';

/** A MariaDB server on loopback, with its data in a temporary folder. */
interface MariadbServer {
  readonly port: number;
  readonly socket: string;
  /** Runs a statement as the administrator, who needs no password. */
  query(sql: string): Promise<void>;
  stop(): Promise<void>;
}

async function startMariadb(): Promise<MariadbServer> {
  const user = serverUser('mysql');
  const folder = serverFolder('mariadb-', user);
  const data = join(folder, 'data');
  const settings = [
    '--no-defaults',
    `--datadir=${data}`,
    `--tmpdir=${folder}`, // the temporary tables of two installations in one folder have the same names
    '--skip-name-resolve',
    '--debug-no-sync',
    '--innodb-log-file-size=4M',
    '--innodb-buffer-pool-size=8M',
  ];
  const init = [...settings, '--skip-test-db', '--auth-root-authentication-method=normal'];
  execFileSync(programOf('/usr/bin', 'mariadb-install-db', 'mariadb-server'), init, {
    ...user,
    cwd: folder,
    stdio: 'ignore',
  });
  const port = await freePort();
  const socket = join(folder, 'socket');
  const args = [...settings, `--socket=${socket}`, '--bind-address=127.0.0.1', `--port=${port}`];
  const program = programOf('/usr/sbin', 'mariadbd', 'mariadb-server');
  const stop = await startServer(program, args, { user, folder, ready: 'ready for connections' });
  const admin = await createConnection({ socketPath: socket, user: 'root' });
  await admin.query('CREATE DATABASE app');
  return {
    port,
    socket,
    query: async (sql) => void (await admin.query(sql)),
    async stop() {
      await admin.end();
      await stop();
    },
  };
}

export interface MariadbUnderTest extends DatabaseUnderTest {
  /** The path of its Unix socket. */
  readonly socket: () => string;
  /** Runs a statement as the administrator. */
  readonly query: (sql: string) => Promise<void>;
  /** An account, its secret, and a client that reads the secret. */
  readonly accountWithSecret: () => Promise<DatabaseSecret & { readonly account: string }>;
}

/** A server for the tests of a file. */
export function mariadbUnderTest(): MariadbUnderTest {
  let server: MariadbServer;
  let accounts = 0;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server.stop());
  const newAccount = async (password: string): Promise<string> => {
    accounts += 1;
    const account = `app${accounts}`;
    await server.query(`CREATE USER ${account} IDENTIFIED BY '${password}'`);
    // Without privileges on it, a missing database is a missing privilege.
    for (const name of ['app', 'missing']) await server.query(`GRANT ALL ON ${name}.* TO ${account}`);
    return account;
  };
  return {
    name: 'app',
    port: () => server.port,
    socket: () => server.socket,
    query: (sql) => server.query(sql),
    newAccount,
    async accountWithSecret() {
      const secret = databaseSecret();
      const account = await newAccount('s3cret-1');
      secret.publish('v1', account, 's3cret-1');
      return { ...secret, account };
    },
    changePassword: (account, password) => server.query(`ALTER USER ${account} IDENTIFIED BY '${password}'`),
    currentUser: "SELECT SUBSTRING_INDEX(USER(), '@', 1) AS name",
    forbidden: 'CREATE DATABASE other',
  };
}
