import { errorCode } from '@kms-secrets/core';
import type { Clock, Secret, SecretHandle } from '@kms-secrets/core';
import { accountOf } from './account.ts';
import type { Account, AccountKeys } from './account.ts';
import { namedRejection } from './rejection.ts';
import type { Moment, RoundDelays } from './round-delays.ts';

/** One login at the database. Call one of the methods, once, when it ends. */
export interface Login {
  readonly account: Account;
  accepted(): void;
  /** The database rejected the account. */
  rejected(error: unknown): void;
  /** The login failed for another reason, such as a refused connection. */
  failed(): void;
}

export interface LoginGateParts {
  readonly handle: Pick<SecretHandle, 'name' | 'current' | 'get' | 'refresh' | 'onRotate' | 'dispose'>;
  readonly keys: AccountKeys;
  readonly clock: Clock;
  readonly delays: RoundDelays;
}

/** The account that the database rejects. */
interface Rejection {
  readonly versionId: string;
  readonly error: unknown;
  /** When the search for a valid account started: with the first rejection of the version. */
  readonly since: Moment;
  /** Rounds so far. */
  rounds: number;
  /** When the next round starts; the clock's `now`. */
  nextAt: number;
  /** Why KMS could not be read for a newer version. */
  refreshError: unknown;
}

/** In every third round, a login tries the rejected version again: the database may be the one that is late. */
const roundsPerRetry = 3;

/** After this time (ms) another login tries the account too: the connection of the first may hang. */
const maxTrial = 3_000;

/**
 * Decides when a login at a database may start, for all pools of a process that use one secret.
 *
 * KMS changes a password in the database before it publishes the new version of the secret. In between, the database rejects every new
 * connection. Then logins wait: a round refreshes the secret, and a single login tries the result. Otherwise each connection would
 * refresh the secret and repeat the rejected password, and a database may lock the account.
 */
export class LoginGate {
  readonly #parts: LoginGateParts;
  readonly #waiters = new Set<() => void>();
  readonly #removeListener: () => void;
  /** `undefined` while logins may start. */
  #rejection: Rejection | undefined;
  /** The version of the last rotation; `undefined` before one. */
  #newest: string | undefined;
  /** The single login that tries the account in memory after a rejection. */
  #trial: 'none' | 'due' | 'running' = 'none';
  #isRoundRunning = false;
  #endPause: () => void = () => {};

  constructor(parts: LoginGateParts) {
    this.#parts = parts;
    this.#removeListener = parts.handle.onRotate(({ versionId }) => this.#rotated(versionId));
  }

  /**
   * Starts a login with the account in memory. `undefined` if none may start: the secret is not in memory or holds no account, or the
   * database has rejected its account. Then await `wait()`.
   */
  start(): Login | undefined {
    const account = this.#accountInMemory();
    if (account === undefined) return undefined;
    if (this.#rejection === undefined) return this.#login(account);
    if (this.#trial !== 'due') return undefined;
    this.#trial = 'running';
    return this.#trialLogin(account);
  }

  /**
   * Resolves when `start()` may return a login. Rejects with the error of the database at `deadline` (the clock's `now`); with
   * `AccountError`; and with the error of the client if the secret cannot be read.
   */
  async wait(deadline: number): Promise<void> {
    const { handle, keys } = this.#parts;
    accountOf(this.#secretInMemory() ?? (await handle.get()), keys);
    const rejection = this.#rejection;
    if (rejection !== undefined && !(await this.#trialBefore(rejection, deadline))) throw this.#errorOf(rejection);
  }

  /** Identifies the search for an account that the database accepts; `undefined` while it accepts the one in memory. */
  get search(): object | undefined {
    return this.#rejection?.since;
  }

  /** Whether a connection with this version is older than a rotation that the database has not rejected. */
  isOutdated(versionId: string | undefined): boolean {
    // No look-up of the secret: each query of a pool ends with this.
    if (this.#newest === undefined || versionId === this.#newest) return false;
    return versionId !== undefined && this.#rejection === undefined;
  }

  /** No longer follows the secret. Waiting logins reject with the error of the database. */
  close(): void {
    this.#removeListener();
    this.#parts.handle.dispose();
    this.#endPause();
  }

  #login(account: Account): Login {
    return { account, accepted: () => {}, failed: () => {}, rejected: (error) => this.#rejected(account, error) };
  }

  #trialLogin(account: Account): Login {
    const cancelTimer = this.#parts.clock.setUnrefTimer(maxTrial, () => this.#endTrial('due'));
    return {
      account,
      accepted: () => {
        cancelTimer();
        this.#learnGap(account);
        this.#rejection = undefined;
        this.#endTrial('none');
      },
      rejected: (error) => {
        cancelTimer();
        this.#rejection = this.#newRejection(account, error, this.#rejection);
        this.#endTrial('none');
      },
      failed: () => {
        cancelTimer();
        this.#endTrial('due');
      },
    };
  }

  #rejected(account: Account, error: unknown): void {
    const isCurrent = this.#secretInMemory()?.versionId === account.versionId;
    // Otherwise another login was rejected first, or memory has a newer version by now.
    if (this.#rejection === undefined && isCurrent) this.#rejection = this.#newRejection(account, error);
  }

  #newRejection({ versionId }: Account, error: unknown, previous?: Rejection): Rejection {
    const { clock, delays } = this.#parts;
    const now = clock.now();
    // A newer version that is rejected too is the result of one more rotation.
    const isSameSearch = previous?.versionId === versionId;
    const { rounds, since } = isSameSearch ? previous : { rounds: 0, since: { now, date: clock.date() } };
    return { versionId, error, since, rounds, nextAt: now + delays.after(rounds), refreshError: undefined };
  }

  #learnGap({ versionId }: Account): void {
    const secret = this.#secretInMemory();
    if (this.#rejection === undefined || secret?.versionId !== versionId) return;
    const { clock, delays } = this.#parts;
    const { since, rounds } = this.#rejection;
    delays.learn({ since, rounds, endedAt: clock.now(), rotatedAt: secret.rotation?.lastAt });
  }

  #endTrial(trial: 'none' | 'due'): void {
    this.#trial = this.#rejection === undefined ? 'none' : trial;
    if (this.#rejection === undefined || trial === 'due') this.#wakeAll();
    else if (this.#waiters.size > 0) void this.#runRounds();
  }

  /** Resolves to `false` at the deadline; at once if no round starts before it. */
  #trialBefore({ nextAt }: Rejection, deadline: number): Promise<boolean> {
    if (this.#trial === 'due') return Promise.resolve(true);
    const { clock } = this.#parts;
    if (Math.max(nextAt, clock.now()) > deadline) return Promise.resolve(false);
    const result = new Promise<boolean>((resolve) => {
      const wake = (): void => {
        cancel();
        this.#waiters.delete(wake);
        resolve(true);
      };
      const cancel = clock.setTimer(deadline - clock.now(), () => {
        this.#waiters.delete(wake);
        resolve(false);
      });
      this.#waiters.add(wake);
    });
    if (this.#trial === 'none') void this.#runRounds();
    return result;
  }

  /** Looks for an account that the database may accept, while logins wait for one. */
  async #runRounds(): Promise<void> {
    if (this.#isRoundRunning) return;
    this.#isRoundRunning = true;
    while (this.#trial === 'none' && this.#rejection !== undefined && this.#waiters.size > 0) {
      await this.#runRound(this.#rejection);
    }
    this.#isRoundRunning = false;
  }

  async #runRound(rejection: Rejection): Promise<void> {
    const { handle, clock, delays } = this.#parts;
    await this.#pauseUntil(rejection.nextAt);
    if (!this.#isSearching(rejection)) return;
    const secret = await handle.refresh({ unlessNewerThan: rejection.versionId }).catch((error: unknown) => {
      rejection.refreshError = error;
    });
    rejection.rounds += 1;
    if (!this.#isSearching(rejection)) return;
    const isNewer = secret !== undefined && secret.versionId !== rejection.versionId;
    if (isNewer || rejection.rounds % roundsPerRetry === 0) this.#offerTrial();
    else rejection.nextAt = clock.now() + delays.after(rejection.rounds);
  }

  /** False once the event `rotated` has brought a newer version. */
  #isSearching(rejection: Rejection): boolean {
    return this.#trial === 'none' && this.#rejection === rejection;
  }

  #rotated(versionId: string | undefined): void {
    this.#newest = versionId ?? this.#newest;
    if (this.#rejection === undefined || this.#rejection.versionId === versionId || this.#trial !== 'none') return;
    this.#offerTrial();
    this.#endPause();
  }

  #offerTrial(): void {
    this.#trial = 'due';
    this.#wakeAll();
  }

  #wakeAll(): void {
    // A copy: what wakes may wait again at once.
    for (const wake of Array.from(this.#waiters)) wake();
  }

  #pauseUntil(time: number): Promise<void> {
    const { clock } = this.#parts;
    const ms = time - clock.now();
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.setUnrefTimer(ms, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  #errorOf({ error, versionId, refreshError }: Rejection): unknown {
    const { name } = this.#parts.handle;
    return namedRejection(error, { secretName: name, versionId, refreshCode: errorCode(refreshError) });
  }

  #accountInMemory(): Account | undefined {
    const secret = this.#secretInMemory();
    try {
      return secret && accountOf(secret, this.#parts.keys);
    } catch {
      return undefined; // `wait()` throws it, where a caller can handle it
    }
  }

  #secretInMemory(): Secret | undefined {
    try {
      return this.#parts.handle.current;
    } catch {
      return undefined; // `wait()` reads it
    }
  }
}
