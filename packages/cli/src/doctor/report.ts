import type { Check } from './check.ts';

const labels: Readonly<Record<Check['status'], string>> = {
  ok: 'ok',
  warning: 'WARN',
  failed: 'FAIL',
  skipped: 'skip',
};

/** One line for each check, and a line with their numbers. */
export function reportText(checks: readonly Check[]): string {
  const lines = checks.map(
    (check) => `${labels[check.status].padEnd(4)}  ${titleOf(check)}: ${oneLine(check.message)}\n`,
  );
  return `${lines.join('')}${summaryOf(checks)}\n`;
}

/** The same as JSON, for programs. */
export function reportJson(checks: readonly Check[]): string {
  const status = hasFailed(checks) ? 'failed' : checks.some((check) => check.status === 'warning') ? 'warning' : 'ok';
  return `${JSON.stringify({ status, checks }, undefined, 2)}\n`;
}

export function hasFailed(checks: readonly Check[]): boolean {
  return checks.some(({ status }) => status === 'failed');
}

function titleOf({ check, subject }: Check): string {
  return subject === '' ? check : `${check} ${oneLine(subject)}`;
}

/** Messages may quote names of secrets, hosts and files, which could contain control characters. */
function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/gu, ' ').replaceAll(/\p{Cc}/gu, '?');
}

function summaryOf(checks: readonly Check[]): string {
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  const parts = [`${count('ok')} ok`, `${count('warning')} warnings`, `${count('failed')} failed`];
  const skipped = count('skipped');
  return [...parts, ...(skipped === 0 ? [] : [`${skipped} skipped`])].join(', ');
}
