import type { PoolGate } from './gates.ts';
import type { Login } from './login-gate.ts';

/** Whether the database rejected the account of a login. */
export type IsRejection = (error: unknown) => boolean;

/** No login may start now. */
export class LoginPostponed extends Error {}

export function endFailedLogin(login: Login, error: unknown, isRejection: IsRejection): void {
  if (isRejection(error)) login.rejected(error);
  else login.failed();
}

/** The wait of a connection for a valid account. */
export interface ConnectWait {
  /** The search that it waits for. */
  readonly search: object | undefined;
  /** When the connection fails; the clock's `now`. */
  readonly deadline: number;
}

export interface FailedConnect {
  readonly parts: PoolGate;
  readonly isRejection: IsRejection;
  /** The wait after its last failed login. */
  readonly wait: ConnectWait | undefined;
  readonly retry: (wait: ConnectWait) => void;
  readonly fail: (error: Error) => void;
}

/** Retries when the next login may start, if the login was rejected or postponed. Fails with every other error at once. */
export function handleFailedConnect(error: unknown, failed: FailedConnect): void {
  const { parts, isRejection, retry, fail } = failed;
  if (!(error instanceof LoginPostponed || isRejection(error))) {
    fail(error as Error);
    return;
  }
  const wait = nextWait(failed);
  // Outside of the promise: what a callback throws is an uncaught exception, as with any pool.
  parts.gate.wait(wait.deadline).then(
    () => queueMicrotask(() => retry(wait)),
    (reason: Error) => queueMicrotask(() => fail(reason)),
  );
}

/**
 * The patience starts with the search for an account. Before its login, and again before the next one, a connection may wait for a place
 * in a full pool for longer than that.
 */
function nextWait({ parts, wait }: FailedConnect): ConnectWait {
  const { search } = parts.gate;
  return wait !== undefined && wait.search === search ? wait : { search, deadline: parts.deadline() };
}
