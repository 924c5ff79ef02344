import { Socket } from 'node:net';
import type { Redis, RedisOptions } from 'ioredis';
import { serverFor } from './account.ts';
import type { Account, Server } from './account.ts';
import { acquireGate } from './gates.ts';
import type { PoolGate } from './gates.ts';
import { endFailedLogin } from './login-failure.ts';
import type { Login } from './login-gate.ts';
import type { ResolvedRotation } from './options.ts';
import { ConnectionLost, authenticate, openRedisSocket } from './redis-login.ts';
import type { Authentication, RedisServer } from './redis-login.ts';
import { isRedisRejection } from './redis-rejections.ts';

export interface RedisConnectionParts {
  readonly rotation: ResolvedRotation;
  readonly ReplyError: Authentication['ReplyError'];
  /** Where the application says that the server is; KMS may know the rest. */
  readonly server: Partial<Server>;
  /** The options of the client. */
  readonly options: RedisOptions;
}

interface OpenedSocket {
  readonly socket: Socket;
  /** Why there is no connection to the server. */
  readonly error?: Error | undefined;
}

/** Commands that start (`true`) or end a transaction. */
const transactions: ReadonlyMap<string, boolean> = new Map([
  ['multi', true],
  ['exec', false],
  ['discard', false],
  ['reset', false],
]);

/** The connection of a Redis client, from one login to the next. */
export class RedisConnection {
  readonly #parts: RedisConnectionParts;
  #redis: Redis | undefined;
  /** While the client is in use. */
  #gate: PoolGate | undefined;
  #stopFollowing: () => void = () => {};
  /** The version of the account with which the connection is logged in, or that it has tried. */
  #versionId: string | undefined;
  #isInTransaction = false;
  #lastLogout = Number.NEGATIVE_INFINITY;

  constructor(parts: RedisConnectionParts) {
    this.#parts = parts;
  }

  /** Connects it with its client, which `ioredis` creates later. */
  attach(redis: Redis): void {
    this.#redis = redis;
    redis.on('close', () => (this.#isInTransaction = false));
    redis.on('end', () => this.#release());
  }

  /** Resolves with a socket that is logged in; with a closed one if that fails or is cancelled, after which the client retries. */
  open(signal: AbortSignal): Promise<OpenedSocket> {
    return new Promise((resolve) => {
      // At once: the wait for the gate cannot be cancelled.
      const cancel = (): void => resolve({ socket: new Socket().destroy() });
      signal.addEventListener('abort', cancel);
      this.#open(this.#acquire(), signal)
        .then(
          (socket) => resolve({ socket }),
          (error: Error) => resolve({ socket: new Socket().destroy(), error: this.#failed(error, signal) }),
        )
        .finally(() => signal.removeEventListener('abort', cancel));
    });
  }

  /** Call it before a command. `isAlone`: no other commands are written together with it. */
  beforeCommand(name: string, isAlone: boolean): void {
    if (isAlone) this.#renew();
    const state = transactions.get(name.toLowerCase());
    if (state !== undefined) this.#isInTransaction = state;
  }

  /**
   * The connection is no longer logged in. Returns how the client continues, as `reconnectOnError` does: at a new connection that
   * repeats the command, or, within a transaction, without it. `false` if a new connection did not help.
   */
  loggedOut(): false | 1 | 2 {
    const { clock, patience } = this.#parts.rotation;
    const now = clock.now();
    if (now - this.#lastLogout < patience) return false;
    this.#lastLogout = now;
    return this.#isInTransaction ? 1 : 2;
  }

  async #open({ gate, deadline }: PoolGate, signal: AbortSignal): Promise<Socket> {
    const end = deadline();
    while (!signal.aborted) {
      const login = gate.start();
      const socket = login && (await this.#logIn(login, signal));
      if (socket !== undefined) return socket;
      await gate.wait(end);
    }
    throw new ConnectionLost();
  }

  /** Returns the error of the network, which the client emits before it retries. */
  #failed(error: Error, signal: AbortSignal): Error | undefined {
    if (error instanceof ConnectionLost) return error.reason;
    // As when the client logs in by itself: the commands that wait for the connection fail.
    if (!signal.aborted) this.#redis?.recoverFromFatalError(error, error, {});
    return undefined;
  }

  /** `undefined` if the server rejects the account. */
  async #logIn(login: Login, signal: AbortSignal): Promise<Socket | undefined> {
    const { options, ReplyError } = this.#parts;
    const { account } = login;
    const socket = openRedisSocket(this.#serverFor(account));
    socket.on('error', () => {}); // the client listens only once it has the socket
    const abort = (): void => void socket.destroy();
    signal.addEventListener('abort', abort);
    try {
      await authenticate(socket, { account, timeout: options.connectTimeout ?? 0, ReplyError });
    } catch (error) {
      socket.destroy();
      endFailedLogin(login, error, isRedisRejection);
      if (isRedisRejection(error)) return undefined;
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
    login.accepted();
    this.#versionId = account.versionId;
    return socket;
  }

  #serverFor(account: Account): RedisServer {
    const { options, server } = this.#parts;
    const { host, port } = serverFor(server, account);
    const { family, path, tls } = options;
    return { host: host ?? options.host ?? 'localhost', port: port ?? options.port ?? 6379, family, path, tls };
  }

  /** Logs in again on the open connection if it is older than the rotation: it loses no reply and no subscription. */
  #renew(): void {
    const { gate } = this.#gate ?? {};
    const isIdle = this.#redis?.status === 'ready' && this.#redis.mode === 'normal' && !this.#isInTransaction;
    if (gate === undefined || !isIdle || this.#versionId === undefined || !gate.isOutdated(this.#versionId)) return;
    const login = gate.start();
    if (login === undefined) return;
    this.#versionId = login.account.versionId; // not again for this version
    void this.#logInAgain(login);
  }

  async #logInAgain(login: Login): Promise<void> {
    const { user, password } = login.account;
    try {
      await this.#redis?.auth(user, password);
      login.accepted();
    } catch (error) {
      // A copy: the error of the client has the arguments of the command.
      endFailedLogin(login, new this.#parts.ReplyError((error as Error).message), isRedisRejection);
    }
  }

  #acquire(): PoolGate {
    if (this.#gate !== undefined) return this.#gate;
    const { rotation } = this.#parts;
    const gate = acquireGate(rotation);
    const handle = rotation.secrets.handle(rotation.secret, { stage: rotation.stage });
    const removeListener = handle.onRotate(() => this.#renew());
    this.#gate = gate;
    this.#stopFollowing = () => {
      removeListener();
      handle.dispose();
    };
    return gate;
  }

  #release(): void {
    this.#stopFollowing();
    this.#stopFollowing = () => {};
    this.#gate?.release();
    this.#gate = undefined;
  }
}
