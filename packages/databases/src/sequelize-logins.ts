import type { Options, Sequelize } from 'sequelize';
import { serverFor } from './account.ts';
import type { Account, Server } from './account.ts';
import { acquireGate } from './gates.ts';
import type { PoolGate } from './gates.ts';
import { endFailedLogin } from './login-failure.ts';
import type { IsRejection } from './login-failure.ts';
import type { Login } from './login-gate.ts';
import { isMysqlRejection } from './mysql-rejections.ts';
import { splitOptions } from './options.ts';
import type { RotationOptions } from './options.ts';
import { isPgRejection } from './pg-rejections.ts';
import { unsupportedDriver } from './unsupported-driver.ts';

/** Options of `Sequelize`, without those that the secret provides. Host, port and database default to those that KMS has for the secret. */
export type RotatingSequelizeOptions = RotationOptions &
  Omit<Options, 'username' | 'password' | 'replication' | 'native' | 'dialect'> & {
    readonly dialect: 'postgres' | 'mysql' | 'mariadb';
  };

/** The dialects that are supported, and what their databases reply to a wrong account. */
const rejections: Readonly<Record<RotatingSequelizeOptions['dialect'], IsRejection>> = {
  postgres: isPgRejection,
  mysql: isMysqlRejection,
  mariadb: isMysqlRejection,
};

const fromSecret = 'comes from the secret; remove it';

/** `create` calls the constructor of the library. */
export function createRotatingSequelize(
  create: (options: Options) => Sequelize,
  options: RotatingSequelizeOptions,
): Sequelize {
  const { dialect } = options;
  const { rotation, driver } = splitOptions(
    options,
    {
      username: fromSecret,
      password: fromSecret,
      replication: 'is not supported; create one Sequelize per server',
      native: 'is not supported; remove it',
      ...(!Object.hasOwn(rejections, dialect) && { dialect: `expected one of ${Object.keys(rejections).join(', ')}` }),
    },
    'rotatingSequelize',
  );
  const sequelize = create(driver);
  const manager = sequelize.connectionManager as unknown as ConnectionManager;
  if (typeof manager.connect !== 'function' || typeof manager.releaseConnection !== 'function') {
    throw unsupportedDriver('sequelize', '^6.37.0');
  }
  new Logins(acquireGate(rotation), driver, rejections[dialect]).follow(sequelize, manager);
  return sequelize;
}

/** The part of the connection manager that is used, which its type has only in part. */
interface ConnectionManager {
  connect(config: ConnectionConfig): Promise<object>;
  releaseConnection(connection: object): void;
  destroyConnection(connection: object): Promise<void>;
}

/** What Sequelize passes for a connection: one object for all of them. */
interface ConnectionConfig extends Partial<Server> {
  username?: string;
  password?: string;
}

/** The logins of the connections of a Sequelize. */
class Logins {
  readonly #parts: PoolGate;
  readonly #server: Partial<Server>;
  readonly #isRejection: IsRejection;
  /** The versions with which the connections have logged in. */
  readonly #versions = new WeakMap<object, string>();

  constructor(parts: PoolGate, { host, port, database }: Partial<Server>, isRejection: IsRejection) {
    this.#parts = parts;
    this.#server = { host, port, database };
    this.#isRejection = (error) => isRejection(driverErrorOf(error));
  }

  follow(sequelize: Sequelize, manager: ConnectionManager): void {
    const { gate } = this.#parts;
    const connect = manager.connect.bind(manager);
    const releaseConnection = manager.releaseConnection.bind(manager);
    const close = sequelize.close.bind(sequelize);
    manager.connect = (config) => this.#connect(connect, config);
    // A connection that is released is in no transaction.
    manager.releaseConnection = (connection) => {
      if (gate.isOutdated(this.#versions.get(connection))) manager.destroyConnection(connection).catch(() => {}); // it is closed anyway
      else releaseConnection(connection);
    };
    sequelize.close = () => {
      this.#parts.release();
      return close();
    };
  }

  async #connect(connect: ConnectionManager['connect'], config: ConnectionConfig): Promise<object> {
    const { gate } = this.#parts;
    const deadline = this.#parts.deadline();
    for (;;) {
      const login = gate.start();
      const connection = login && (await this.#logIn(login, connect, config));
      if (connection !== undefined) return connection;
      await gate.wait(deadline);
    }
  }

  /** `undefined` if the database rejects the account. */
  async #logIn(
    login: Login,
    connect: ConnectionManager['connect'],
    config: ConnectionConfig,
  ): Promise<object | undefined> {
    const { user: username, password, versionId } = login.account;
    try {
      // A copy: the other connections use the same object.
      const connection = await connect({ ...config, ...this.#serverFor(login.account), username, password });
      login.accepted();
      this.#versions.set(connection, versionId);
      hidePassword(connection);
      return connection;
    } catch (error) {
      endFailedLogin(login, error, this.#isRejection);
      if (this.#isRejection(error)) return undefined;
      throw error;
    }
  }

  /** Without the defaults of Sequelize, which are in the configuration of a connection. */
  #serverFor(account: Account): Partial<Server> {
    const server = Object.entries(serverFor(this.#server, account)).filter(([, value]) => value !== undefined);
    return Object.fromEntries(server);
  }
}

/** Sequelize wraps the errors of the drivers. */
function driverErrorOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'original' in error ? error.original : error;
}

/** Makes the password not enumerable, so that an inspected connection does not show it. */
function hidePassword(connection: { readonly config?: object; readonly opts?: object }): void {
  for (const config of [connection.config, connection.opts]) {
    if (config !== undefined && 'password' in config) Object.defineProperty(config, 'password', { enumerable: false });
  }
}
