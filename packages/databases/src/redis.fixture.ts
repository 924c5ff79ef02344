import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { freePort } from './free-port.fixture.ts';
import { databaseSecret } from './rotation.fixture.ts';
import type { DatabaseSecret } from './rotation.fixture.ts';
import { programOf, serverFolder, startServer } from './server-process.fixture.ts';

export interface RedisUnderTest {
  readonly port: () => number;
  /** For connections with TLS, and the certificate of the server. */
  readonly tls: () => { readonly port: number; readonly ca: string };
  /** Runs a command as the administrator. */
  readonly admin: (command: string, ...args: readonly string[]) => Promise<unknown>;
  /** Creates a user and returns its name. */
  readonly newAccount: (password: string) => Promise<string>;
  readonly changePassword: (account: string, password: string) => Promise<void>;
  /** Closes the connections of all users but the administrator. */
  readonly closeConnections: () => Promise<void>;
  /** The users of the open connections, without the administrator. */
  readonly users: () => Promise<readonly string[]>;
  /** A user, its secret, and a client that reads the secret. */
  readonly accountWithSecret: () => Promise<DatabaseSecret & { readonly account: string }>;
}

/** A Redis server on loopback for the tests of a file. Nobody may use it without a login. */
export function redisUnderTest(): RedisUnderTest {
  let port: number;
  let tls: { readonly port: number; readonly ca: string };
  let admin: Redis;
  let stop: () => Promise<void>;
  let accounts = 0;
  beforeAll(async () => {
    const folder = serverFolder('redis-', {});
    port = await freePort();
    const { key, certificate } = selfSigned(folder);
    tls = { port: await freePort(), ca: readFileSync(certificate, 'utf8') };
    const withTls = ['--tls-port', String(tls.port), '--tls-cert-file', certificate, '--tls-key-file', key];
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
    const loginOfAdmin = ['--user', 'admin', 'on', '>s3cret-admin', '~*', '&*', '+@all', '--user', 'default', 'off'];
    const program = programOf('/usr/bin', 'redis-server', 'redis-server');
    const options = { user: {}, folder, ready: 'Ready to accept connections', log: 'stdout' } as const;
    stop = await startServer(program, [...args, ...withTls, '--tls-auth-clients', 'no', ...loginOfAdmin], options);
    admin = new Redis({ port, host: '127.0.0.1', username: 'admin', password: 's3cret-admin' });
  });
  afterAll(async () => {
    admin.disconnect();
    await stop();
  });
  const newAccount = async (password: string): Promise<string> => {
    accounts += 1;
    const account = `app${accounts}`;
    await admin.call('ACL', 'SETUSER', account, 'on', `>${password}`, '~*', '&*', '+@all', '-flushall');
    return account;
  };
  return {
    port: () => port,
    tls: () => tls,
    admin: (command, ...args) => admin.call(command, ...args),
    newAccount,
    async changePassword(account, password) {
      await admin.call('ACL', 'SETUSER', account, 'resetpass', `>${password}`);
    },
    async closeConnections() {
      for (const type of ['normal', 'pubsub']) await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    },
    async users() {
      const list = String(await admin.call('CLIENT', 'LIST'));
      return Array.from(list.matchAll(/ user=(?<user>\S+)/gu), ({ groups }) => groups?.['user'] ?? '')
        .filter((user) => user !== 'admin')
        .toSorted();
    },
    async accountWithSecret() {
      const secret = databaseSecret();
      const account = await newAccount('s3cret-1');
      secret.publish('v1', account, 's3cret-1');
      return { ...secret, account };
    },
  };
}

/** A certificate for 127.0.0.1, in files of a folder. */
function selfSigned(folder: string): { readonly key: string; readonly certificate: string } {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...request, ...name, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  return { key, certificate };
}
