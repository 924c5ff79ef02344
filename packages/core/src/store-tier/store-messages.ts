import { isSecretError, safeMessage, StoreError } from '../secret/errors.ts';
import type { SecretEvents } from '../secret/events.ts';

export type StoreOperation = NonNullable<SecretEvents['store']['operation']>;

/** No response within the timeout. The operation may still end. */
export class StoreTimeout extends Error {}

interface FailedOperation {
  readonly operation: StoreOperation;
  readonly secretName: string | undefined;
  readonly cause: unknown;
}

/** The messages of our own stores already name the store and the secret. */
export function operationError(store: string, { operation, secretName, cause }: FailedOperation): StoreError {
  const reason = cause instanceof StoreTimeout ? cause.message : withoutFullStop(safeMessage(cause));
  const about = secretName === undefined ? '' : ` secret "${secretName}"`;
  const isComplete = isSecretError(cause, 'ERR_STORE') && reason.includes(store);
  const message = isComplete ? reason : `${store} failed to ${verbs[operation]}${about}: ${reason}`;
  // The errors of other code may quote secret values, so they are not kept as causes.
  return new StoreError(`${message}.`, {
    secretName,
    cause: isSecretError(cause) ? cause : undefined,
    part: partOf(cause),
  });
}

export function unavailableError(store: string, reason: string, part: string | undefined): StoreError {
  const subject = part === undefined ? store : `${part} of ${store}`;
  return new StoreError(`${subject} is unavailable: ${withoutFullStop(reason)}.`, { part });
}

export function droppedError(store: string, reason: string, secretName: string | undefined): StoreError {
  const entry = secretName === undefined ? 'An entry' : `The entry of secret "${secretName}"`;
  return new StoreError(`${entry} in ${store} was dropped: ${withoutFullStop(reason)}.`, { secretName });
}

export function foreignKeysError(store: string, reason: string): StoreError {
  return new StoreError(`${store}: ${withoutFullStop(reason)}.`);
}

/** Changes were dropped, or were not written before the client was closed. */
export function lostError(store: string, operation: 'write' | 'close', count: number): StoreError {
  const changes = count === 1 ? '1 change' : `${count} changes`;
  const verb = count === 1 ? 'was' : 'were';
  const reason =
    operation === 'write'
      ? `${verb} dropped, because too many waited. The next refreshes write the secrets again`
      : `${verb} not written before the client was closed`;
  return new StoreError(`${changes} of ${store} ${reason}.`);
}

/** Of a `StoreError`, also one of another copy of the package. */
export function partOf(cause: unknown): string | undefined {
  return isSecretError(cause, 'ERR_STORE') && typeof cause.part === 'string' ? cause.part : undefined;
}

export function withoutFullStop(text: string): string {
  return text.replace(/\.$/u, '');
}

const verbs: Readonly<Record<StoreOperation, string>> = {
  read: 'read',
  write: 'write',
  remove: 'remove',
  removeAll: 'remove',
  lease: 'lease',
  subscribe: 'subscribe',
  close: 'close',
};
