import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Pool, PoolOptions } from 'mysql2';
import { setAccount } from './account.ts';
import type { Server } from './account.ts';
import { acquireGate } from './gates.ts';
import type { PoolGate } from './gates.ts';
import { LoginPostponed, endFailedLogin, handleFailedConnect } from './login-failure.ts';
import type { ConnectWait } from './login-failure.ts';
import type { Login } from './login-gate.ts';
import { isMysqlRejection } from './mysql-rejections.ts';
import { splitOptions } from './options.ts';
import type { RotationOptions } from './options.ts';
import { unsupportedDriver } from './unsupported-driver.ts';

/** Options of `createPool()`, without those that the secret provides. Host, port and database default to those that KMS has for the secret. */
export type RotatingMysql2Options = RotationOptions &
  Omit<PoolOptions, 'user' | 'password' | 'password1' | 'passwordSha1' | 'uri' | 'stream' | 'pool'>;

type Connected = Parameters<Pool['getConnection']>[0];

/** The configuration of a connection. */
interface ConnectionConfig {
  readonly host: string;
  readonly port: number;
  readonly socketPath?: string;
  readonly enableKeepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
}

/** What the driver passes to the option `stream`, for each connection. */
interface NewConnection {
  readonly config: ConnectionConfig;
}

/** A connection that is being created. Its login is `undefined` if none may start. */
interface Created {
  readonly login: Login | undefined;
}

/** The part of `pool.config` that its type does not have. */
interface ConfigOfPool {
  connectionConfig?: ConnectionConfig;
}

const fromSecret = 'comes from the secret; remove it';

/** `createPool` is the function of the driver: the tests also pass that of the oldest supported version. */
export function createRotatingPool(createPool: (options: PoolOptions) => Pool, options: RotatingMysql2Options): Pool {
  const { rotation, driver } = splitOptions(options, {
    user: fromSecret,
    password: fromSecret,
    password1: fromSecret,
    passwordSha1: fromSecret,
    uri: 'would replace the account of the secret; set host, port and database',
    stream: 'sets the account of each connection; remove it',
  });
  const pool = createPool({ ...driver, stream: (connection: NewConnection) => logins.open(connection) });
  const isSupported = 'maxIdle' in pool.config && configOf(pool).connectionConfig !== undefined;
  if (!isSupported) throw unsupportedDriver('mysql2', '^3.11.0');
  const logins = new PoolLogins(pool, acquireGate(rotation), driver);
  return pool;
}

/** Makes a pool follow its secret. The option `stream` of the pool is `open()`. */
class PoolLogins {
  readonly #pool: Pool;
  readonly #parts: PoolGate;
  readonly #server: Partial<Server>;
  /** The versions with which the connections have logged in. */
  readonly #versions = new WeakMap<object, string>();
  /** What the running call of `getConnection()` has created. */
  #created: Created | undefined;

  constructor(pool: Pool, parts: PoolGate, server: Partial<Server>) {
    this.#pool = pool;
    this.#parts = parts;
    this.#server = server;
    const getConnection = pool.getConnection.bind(pool);
    const releaseConnection = pool.releaseConnection.bind(pool);
    const end = pool.end.bind(pool);
    pool.getConnection = (connected) => this.#connect(getConnection, connected);
    pool.releaseConnection = (connection) => {
      if (!this.#isRetired(connection)) releaseConnection(connection);
    };
    pool.end = (ended) => {
      parts.release();
      end(ended);
    };
  }

  /** The driver calls it in the constructor of a connection, and reads user and password later. */
  open({ config }: NewConnection): Duplex {
    const ofPool = configOf(this.#pool);
    // Before 3.24, the connections of a pool share one configuration. Then this connection keeps it, and the pool gets a copy.
    if (ofPool.connectionConfig === config) ofPool.connectionConfig = copyOf(config);
    const login = this.#parts.gate.start();
    this.#created = { login };
    if (login === undefined) return new Duplex().destroy(new LoginPostponed());
    setAccount(config, login.account, this.#server);
    return openSocket(config);
  }

  #connect(getConnection: Pool['getConnection'], connected: Connected, wait?: ConnectWait): void {
    let created: Created | undefined;
    getConnection((error, connection) => {
      if (created === undefined) {
        connected(error, connection); // idle, or created by another call
        return;
      }
      const { login } = created;
      if (error === null) {
        if (login !== undefined) this.#versions.set(connection, login.account.versionId);
        login?.accepted();
        connected(null, connection);
        return;
      }
      if (login !== undefined) endFailedLogin(login, error, isMysqlRejection);
      handleFailedConnect(error, {
        parts: this.#parts,
        isRejection: isMysqlRejection,
        wait,
        retry: (next) => this.#connect(getConnection, connected, next),
        fail: (reason) => connected(reason, connection),
      });
    });
    created = this.#created;
    this.#created = undefined;
  }

  /** Closes a connection that is older than the rotation. One that is released is in no transaction. */
  #isRetired(connection: Parameters<Pool['releaseConnection']>[0]): boolean {
    const versionId = this.#versions.get(connection);
    if (!this.#parts.gate.isOutdated(versionId)) return false;
    this.#versions.delete(connection); // a closed connection is released once more
    connection.destroy();
    return true;
  }
}

function configOf(pool: Pool): ConfigOfPool {
  return pool.config as ConfigOfPool;
}

function copyOf<Config extends object>(config: Config): Config {
  return Object.create(Object.getPrototypeOf(config) as object, Object.getOwnPropertyDescriptors(config)) as Config;
}

/** Opens the socket that the driver opens without the option `stream`. */
function openSocket({ host, port, socketPath, enableKeepAlive, keepAliveInitialDelay }: ConnectionConfig): Socket {
  if (socketPath !== undefined) return connect(socketPath);
  const socket = connect(port, host);
  if (enableKeepAlive === true) socket.on('connect', () => socket.setKeepAlive(true, keepAliveInitialDelay));
  return socket.setNoDelay(true);
}
