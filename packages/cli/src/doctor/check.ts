/** What was examined. */
export type CheckName =
  | 'node'
  | 'setting'
  | 'configuration'
  | 'credentials'
  | 'client key'
  | 'ca'
  | 'proxy'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'clock'
  | 'secret'
  | 'store';

/**
 * The result of one check. `skipped`: something before it failed. The message says what was found and, unless it is `ok`, what to do;
 * it contains no secret.
 */
export interface Check {
  readonly check: CheckName;
  /** What the check is about, such as a host or a name. */
  readonly subject: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly message: string;
}

type CheckOf = (check: CheckName, subject: string, message: string) => Check;

const withStatus =
  (status: Check['status']): CheckOf =>
  (check, subject, message) => ({ check, subject, status, message });

export const ok: CheckOf = withStatus('ok');
export const warning: CheckOf = withStatus('warning');
export const failed: CheckOf = withStatus('failed');
export const skipped: CheckOf = withStatus('skipped');

/** `2027-01-31`. */
export function dayOf(date: number): string {
  return Number.isNaN(date) ? 'an unknown date' : new Date(date).toISOString().slice(0, 10);
}

export const day = 86_400_000;
