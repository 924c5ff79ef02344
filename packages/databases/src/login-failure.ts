import type { Login, LoginGate } from './login-gate.ts';

/** Whether the database rejected the account of a login. */
export type IsRejection = (error: unknown) => boolean;

/** No login may start now. */
export class LoginPostponed extends Error {}

export function endFailedLogin(login: Login, error: unknown, isRejection: IsRejection): void {
  if (isRejection(error)) login.rejected(error);
  else login.failed();
}

export interface FailedConnect {
  readonly gate: LoginGate;
  readonly isRejection: IsRejection;
  /** When the connection fails; the clock's `now`. */
  readonly deadline: number;
  readonly retry: () => void;
  readonly fail: (error: Error) => void;
}

/** Retries when the next login may start, if the login was rejected or postponed. Fails with every other error at once. */
export function handleFailedConnect(error: unknown, { gate, isRejection, deadline, retry, fail }: FailedConnect): void {
  if (!(error instanceof LoginPostponed || isRejection(error))) {
    fail(error as Error);
    return;
  }
  // Outside of the promise: what a callback throws is an uncaught exception, as with any pool.
  gate.wait(deadline).then(
    () => queueMicrotask(retry),
    (reason: Error) => queueMicrotask(() => fail(reason)),
  );
}
