import { connect } from 'node:net';
import type { StreamCallback } from 'mariadb';
import { setAccount } from './account.ts';
import type { Server } from './account.ts';
import type { PoolGate } from './gates.ts';
import { endFailedLogin } from './login-failure.ts';
import type { Login } from './login-gate.ts';
import { isMysqlRejection } from './mysql-rejections.ts';

/** The options of a connection, which the driver copies from those of its pool. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  logger: { readonly error?: ((error: Error) => void) | null };
}

/** The login of a connection that a pool is creating. */
export class MariadbLogin {
  readonly #gate: PoolGate['gate'];
  readonly #options: ConnectionOptions;
  readonly #opened: StreamCallback;
  #login: Login | undefined;
  #hasEnded = false;

  constructor(gate: PoolGate['gate'], options: ConnectionOptions, opened: StreamCallback) {
    this.#gate = gate;
    this.#options = options;
    this.#opened = opened;
    const { logger } = options;
    // The driver passes the error of a login to the logger of the connection. The pool reports only some of them.
    const error = (reason: Error): void => {
      this.#failed(reason);
      logger.error?.(reason);
    };
    options.logger = { ...logger, error };
  }

  /** The version of its account. `undefined` before the login starts. */
  get versionId(): string | undefined {
    return this.#login?.account.versionId;
  }

  /** Sets the account and opens a socket when a login may start. */
  async start(server: Partial<Server>, deadline: number): Promise<void> {
    try {
      while (!this.#hasEnded) {
        const login = this.#gate.start();
        if (login !== undefined) {
          this.#open(login, server);
          return;
        }
        // Meanwhile the driver may give up, or the pool end.
        await this.#gate.wait(deadline);
      }
    } catch (error) {
      this.#opened(error as Error);
    }
  }

  /** Returns `false` if the login has ended before. */
  accepted(): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    this.#login?.accepted();
    return true;
  }

  /** The pool has ended. */
  abandon(): void {
    if (this.#hasEnded) return;
    if (this.#login === undefined) this.#opened(new Error('The pool has ended.'));
    else this.#login.failed();
    this.#hasEnded = true;
  }

  #failed(error: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#login !== undefined) endFailedLogin(this.#login, error, isMysqlRejection);
  }

  #open(login: Login, server: Partial<Server>): void {
    this.#login = login;
    setAccount(this.#options, login.account, server);
    this.#opened(undefined, connect(this.#options.port, this.#options.host).setNoDelay(true));
  }
}
