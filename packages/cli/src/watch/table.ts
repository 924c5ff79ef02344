import type { ClientDescription, EndpointStatus, SecretStatus } from '@kms-secrets/core/internal';
import { describeDuration } from '@kms-secrets/core/internal';

/** The size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What the table shows of a secret besides its state. */
export interface Observed {
  /** Rotations since the start. */
  readonly rotations: number;
}

const headers = ['NAME', 'VERSION', 'STATE', 'AGE', 'REFRESH', 'ROTATED', 'FAILURE'] as const;
const maxNameLength = 40;
const maxVersionLength = 14;

/** The lines of the live table: secrets, then what is wrong. No line is longer than the terminal, nor are there more of them. */
export function tableLines(
  { secrets, endpoints, identity }: Pick<ClientDescription, 'secrets' | 'endpoints' | 'identity'>,
  observed: ReadonlyMap<string, Observed>,
  { columns, rows }: TerminalSize,
): readonly string[] {
  const cells = secrets.map((secret) => cellsOf(secret, observed.get(secret.name)));
  const widths = headers.map((header, index) =>
    Math.max(header.length, ...cells.map((row) => (row[index] ?? '').length)),
  );
  const toLine = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  const problems = [
    ...endpoints.flatMap(endpointProblem),
    ...(identity.rejection === undefined ? [] : [`KMS rejects the credentials: ${identity.rejection.message}`]),
  ];
  const space = Math.max(1, rows - problems.length - 2);
  const shown = cells.length > space ? cells.slice(0, space - 1) : cells;
  const more = cells.length - shown.length;
  const lines = [toLine(headers), ...shown.map(toLine), ...(more === 0 ? [] : [`… ${more} more`]), ...problems];
  return lines.slice(0, Math.max(1, rows - 1)).map((line) => fit(line, columns));
}

function cellsOf(secret: SecretStatus, observed: Observed | undefined): readonly string[] {
  const { name, versionId, freshness, age, nextRefreshIn, lastFailure, versionAge, rotationLag } = secret;
  const rotations = observed?.rotations ?? 0;
  const ago = versionAge === undefined ? '' : `${describeDuration(versionAge)} ago`;
  const lag = rotationLag === undefined ? '' : ` (lag ${describeDuration(rotationLag)})`;
  return [
    cut(name, maxNameLength),
    cut(versionId ?? '-', maxVersionLength),
    freshness,
    age === undefined ? '-' : describeDuration(age),
    nextRefreshIn === undefined ? 'now' : `in ${describeDuration(nextRefreshIn)}`,
    [rotations === 0 ? '' : `${rotations}x`, ago + lag].filter((part) => part !== '').join(' ') || '-',
    lastFailure === undefined ? '' : `${lastFailure.code} for ${describeDuration(lastFailure.failingFor)}`,
  ].map(plain);
}

function endpointProblem({ endpoint, state, lastFailure, failingFor = 0 }: EndpointStatus): readonly string[] {
  if (state !== 'failing') return [];
  const message = lastFailure?.message ?? 'no response';
  return [plain(`${endpoint} has been failing for ${describeDuration(failingFor)}: ${message}`)];
}

/** Names come from the arguments and from KMS: they must not control the terminal. */
export function plain(text: string): string {
  return text.replaceAll(/\s*\n\s*/gu, ' ').replaceAll(/\p{Cc}/gu, '?');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function fit(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}
