import type { Clock } from '@kms-secrets/core';
import type { Connection, Pool, PoolConfig, StreamCallback } from 'mariadb';
import type { Server } from './account.ts';
import { acquireGate } from './gates.ts';
import type { PoolGate } from './gates.ts';
import { MariadbLogin } from './mariadb-login.ts';
import type { ConnectionOptions } from './mariadb-login.ts';
import { splitOptions } from './options.ts';
import type { RotationOptions } from './options.ts';
import { unsupportedDriver } from './unsupported-driver.ts';

/** Options of `createPool()`, without those that the secret provides. Host, port and database default to those that KMS has for the secret. */
export type RotatingMariadbOptions = RotationOptions & Omit<PoolConfig, 'user' | 'password' | 'socketPath' | 'stream'>;

/** The part of the driver that is used: the tests also pass that of the oldest supported version. */
export interface MariadbDriver {
  readonly createPool: (config: PoolConfig) => Pool;
  readonly version: string;
}

/** What the events of a pool pass, with what the types of a connection do not have. */
type PooledConnection = Connection & { readonly opts: ConnectionOptions };

const fromSecret = 'comes from the secret; remove it';
const defaultAcquireTimeout = 10_000;
/** `ER_GET_CONNECTION_TIMEOUT`: no connection within `acquireTimeout`. */
const acquireTimeoutError = 45_028;

export function createRotatingPool(driver: MariadbDriver, options: RotatingMariadbOptions): Pool {
  if (!/^3\.(?:[5-9]|[1-9]\d)\./u.test(driver.version)) throw unsupportedDriver('mariadb', '^3.5.1');
  const { rotation, driver: config } = splitOptions(options, {
    user: fromSecret,
    password: fromSecret,
    socketPath: 'is not supported; set host and port',
    stream: 'sets the account of each connection; remove it',
  });
  const { acquireTimeout = Math.max(rotation.patience, defaultAcquireTimeout) } = config;
  const parts = acquireGate(rotation);
  const logins = new PoolLogins(parts, config);
  const stream = function (this: ConnectionOptions, opened: StreamCallback): void {
    logins.open(this, opened);
  };
  try {
    const pool = driver.createPool({ ...config, acquireTimeout, stream });
    logins.follow(pool);
    return withReasons(pool, parts, { clock: rotation.clock, connectionLimit: config.connectionLimit ?? 10 });
  } catch (error) {
    parts.release();
    throw error;
  }
}

/** The logins of a pool, which creates one connection at a time. */
class PoolLogins {
  readonly #parts: PoolGate;
  readonly #server: Partial<Server>;
  /** By the options of the connection. */
  readonly #logins = new WeakMap<object, MariadbLogin>();
  readonly #watched = new WeakSet<object>();
  readonly #inUse = new WeakSet<object>();
  #last: MariadbLogin | undefined;
  /** Accepted logins whose event `connection` is still to come. */
  #unannounced = 0;

  constructor(parts: PoolGate, { host, port, database }: Partial<Server>) {
    this.#parts = parts;
    this.#server = { host, port, database };
  }

  /** The driver calls it, as the option `stream`, instead of opening a socket. */
  open(options: ConnectionOptions, opened: StreamCallback): void {
    this.#accepted(this.#last); // otherwise it has failed before
    const login = new MariadbLogin(this.#parts.gate, options, opened);
    this.#last = login;
    this.#logins.set(options, login);
    void login.start(this.#server, this.#parts.deadline());
  }

  follow(pool: Pool): void {
    pool.on('acquire', (connection) => this.#acquired(connection as PooledConnection));
    pool.on('release', (connection) => this.#inUse.delete(connection));
    pool.on('connection', () => {
      if (this.#unannounced > 0) this.#unannounced -= 1;
      else this.#last?.accepted();
    });
    const end = pool.end.bind(pool);
    pool.end = () => {
      this.#last?.abandon();
      this.#parts.release();
      return end();
    };
  }

  #acquired(connection: PooledConnection): void {
    const login = this.#logins.get(connection.opts);
    this.#accepted(login);
    this.#inUse.add(connection);
    if (login?.versionId === undefined || this.#watched.has(connection)) return;
    this.#watched.add(connection);
    this.#retireOnRelease(connection, login.versionId);
  }

  #accepted(login: MariadbLogin | undefined): void {
    if (login?.accepted() === true) this.#unannounced += 1;
  }

  /** The pool closes a connection that is not valid when it is released: then it is in no transaction. */
  #retireOnRelease(connection: PooledConnection, versionId: string): void {
    const isValid = connection.isValid.bind(connection);
    connection.isValid = () => isValid() && !(this.#inUse.has(connection) && this.#parts.gate.isOutdated(versionId));
  }
}

interface PoolLimits {
  readonly clock: Clock;
  readonly connectionLimit: number;
}

/** Makes the calls of a pool reject with the reason why no login succeeds. The pool only reports that it has no connection. */
function withReasons(pool: Pool, { gate, deadline }: PoolGate, { clock, connectionLimit }: PoolLimits): Pool {
  const guarded = <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) => {
    return async (...args: Arguments): Promise<Result> => {
      if (pool.totalConnections() === 0) await gate.wait(deadline());
      try {
        return await call(...args);
      } catch (error) {
        const isFull = pool.totalConnections() >= connectionLimit;
        if (isAcquireTimeout(error) && !isFull) await gate.wait(clock.now());
        throw error;
      }
    };
  };
  pool.getConnection = guarded(pool.getConnection.bind(pool));
  pool.query = guarded(pool.query.bind(pool)) as Pool['query'];
  pool.execute = guarded(pool.execute.bind(pool)) as Pool['execute'];
  pool.batch = guarded(pool.batch.bind(pool)) as Pool['batch'];
  pool.importFile = guarded(pool.importFile.bind(pool));
  return pool;
}

function isAcquireTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errno' in error && error.errno === acquireTimeoutError;
}
