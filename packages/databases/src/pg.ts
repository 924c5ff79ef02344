import pg from 'pg';
import { serverFor } from './account.ts';
import { acquireGate } from './gates.ts';
import type { PoolGate } from './gates.ts';
import { LoginPostponed, endFailedLogin, handleFailedConnect } from './login-failure.ts';
import type { ConnectWait } from './login-failure.ts';
import type { Login, LoginGate } from './login-gate.ts';
import { splitOptions } from './options.ts';
import type { RotationOptions } from './options.ts';
import { isPgRejection } from './pg-rejections.ts';

export { AccountError } from './account-error.ts';
export type { AccountKeys } from './account.ts';
export type { RotationOptions } from './options.ts';

/** Options of `pg.Pool`, without those that the secret provides. Host, port and database default to those that KMS has for the secret. */
export type RotatingPgOptions = RotationOptions & Omit<pg.PoolConfig, 'user' | 'password' | 'connectionString'>;

const fromSecret = 'comes from the secret; remove it';

type Release = (error?: Error | boolean) => void;
type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, done: Release) => void;
type ConnectCallback = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/**
 * Returns a `pg.Pool` whose connections log in with the account of a secret, and that survives its rotations: each connection reads user
 * and password; if PostgreSQL rejects them, it waits for the next version for up to `patience`. Connections that are older than a
 * rotation are closed when they return to the pool.
 *
 * Throws a `TypeError` that lists all invalid options. Connections reject with the error of PostgreSQL, which names the secret; with
 * `AccountError` if the secret holds no account; and with the error of the client if the secret cannot be read.
 */
export function rotatingPool(options: RotatingPgOptions): pg.Pool {
  const { rotation, driver } = splitOptions(options, {
    user: fromSecret,
    password: fromSecret,
    connectionString: 'would replace the account of the secret; set host, port and database',
  });
  return new RotatingPool(driver, acquireGate(rotation));
}

class RotatingPool extends pg.Pool {
  readonly #parts: PoolGate;
  readonly #versions = new WeakMap<object, string>();

  constructor(config: pg.PoolConfig, parts: PoolGate) {
    super({ ...config, Client: clientOf(parts.gate, (client, versionId) => this.#versions.set(client, versionId)) });
    this.#parts = parts;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<pg.PoolClient> | undefined {
    if (connected !== undefined) {
      this.#connect(connected);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.#connect((error, client) => (client === undefined ? reject(error) : resolve(client)));
    });
  }

  override end(): Promise<void>;
  override end(ended: () => void): void;
  override end(ended?: () => void): Promise<void> | undefined {
    this.#parts.release();
    return ended === undefined ? super.end() : (super.end(ended), undefined);
  }

  #connect(connected: Connected, wait?: ConnectWait): void {
    super.connect((error, client, done) => {
      if (client !== undefined) {
        connected(undefined, client, this.#retireOnRelease(client));
        return;
      }
      handleFailedConnect(error, {
        parts: this.#parts,
        isRejection: isPgRejection,
        wait,
        retry: (next) => this.#connect(connected, next),
        fail: (reason) => connected(reason, undefined, done),
      });
    });
  }

  /** A client that is released is in no transaction. Returns its new `release`. */
  #retireOnRelease(client: pg.PoolClient): Release {
    const release = client.release.bind(client);
    // Libraries also pass null and false.
    const retire: Release = (error) => release(error || this.#parts.gate.isOutdated(this.#versions.get(client)));
    client.release = retire;
    return retire;
  }
}

/** A client that logs in with the account that the gate has when the pool creates it. */
function clientOf(gate: LoginGate, connected: (client: pg.Client, versionId: string) => void): typeof pg.Client {
  return class RotatingClient extends pg.Client {
    readonly #login: Login | undefined;

    constructor(config?: string | pg.ClientConfig) {
      const login = gate.start();
      super(withAccount(typeof config === 'string' ? {} : config, login));
      this.#login = login;
    }

    override connect(): Promise<pg.Client>;
    override connect(done: ConnectCallback): void;
    override connect(done?: ConnectCallback): Promise<pg.Client> | undefined {
      const connection = this.#connect();
      if (done === undefined) return connection;
      const call = done as (error: Error | undefined) => void; // it tests the error, whichever of both forms it has
      // Outside of the promise: what a callback throws is an uncaught exception, as with any client.
      connection.then(
        () => queueMicrotask(() => call(undefined)),
        (error: Error) => queueMicrotask(() => call(error)),
      );
      return undefined;
    }

    async #connect(): Promise<pg.Client> {
      const login = this.#login;
      if (login === undefined) throw new LoginPostponed();
      try {
        await super.connect();
      } catch (error) {
        endFailedLogin(login, error, isPgRejection);
        throw error;
      }
      connected(this, login.account.versionId);
      login.accepted();
      return this;
    }
  };
}

function withAccount(config: pg.ClientConfig | undefined, login: Login | undefined): pg.ClientConfig {
  if (login === undefined) return { ...config };
  const { user, password } = login.account;
  return { ...config, ...serverFor(config ?? {}, login.account), user, password };
}
