import type { FailureName } from '../secret/failures.ts';
import { failureOfAnswer } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { HttpLogEntry } from './http-log.ts';
import { emptyTokenCode, reasonOf } from './http-log.ts';

/** What a message about credentials needs to know besides. */
export interface TokenRequestContext {
  /** Who was asked for what: `STS for the role acs:ram::1:role/x`. */
  readonly subject: string;
  /** The file that a token is read from. */
  readonly tokenFile?: string | undefined;
  /** Milliseconds since 1970 by our calendar. */
  readonly date: number;
}

/**
 * The one place where an error of `@alicloud/credentials` becomes a failure of ours. Nothing of its message is told: it quotes
 * replies, files of keys and the URL with its signature. So it is no `cause` either.
 */
export function tokenFailure(
  error: unknown,
  exchanges: readonly HttpLogEntry[],
  asked: TokenRequestContext,
): FetchFailure {
  const last = exchanges.at(-1);
  const problem = reasonOf(error);
  if (asked.tokenFile !== undefined && (problem === emptyTokenCode || last === undefined)) {
    return tokenFileFailure(problem, asked.tokenFile);
  }
  if (last === undefined) {
    return new FetchFailure('rejected', `${asked.subject}: nobody was asked (${problem}). Check the credentials.`, {
      code: codeOf(problem),
    });
  }
  if (last.status === undefined) return noAnswer(last, asked);
  return answered(last, last.status, asked);
}

function tokenFileFailure(problem: string, file: string): FetchFailure {
  const found = problem === emptyTokenCode ? 'is empty' : (fileProblems.get(problem) ?? `cannot be read (${problem})`);
  const message = `The file with the OIDC token, ${file}, ${found}. Check the path, and the volume that Kubernetes puts the token in.`;
  return new FetchFailure('rejected', message, { code: codeOf(problem) });
}

const fileProblems: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'is not there (ENOENT)'],
  ['EACCES', 'may not be read by this process (EACCES)'],
  ['EISDIR', 'is a directory (EISDIR)'],
]);

function noAnswer(
  { host, reason: problem = 'no reason' }: HttpLogEntry,
  { subject: what }: TokenRequestContext,
): FetchFailure {
  const isTrust = /CERT|SELF_SIGNED|UNABLE_TO_|^HOSTNAME_/u.test(problem);
  const advice = isTrust
    ? 'Its certificate is not trusted: set NODE_EXTRA_CA_CERTS to the authority, or check what answers in its place.'
    : 'Check that it can be reached from here.';
  const message = `${what}: ${host} did not answer (${problem}). ${advice}`;
  return new FetchFailure(isTrust ? 'untrusted' : 'unreachable', message, { code: codeOf(problem) });
}

/** The metadata service of ECS: not Alibaba Cloud's API, so it has no codes. */
const metadataHost = '100.100.100.200';

/** STS codes whose status alone would not tell. Source: its pages on AssumeRole and AssumeRoleWithOIDC. */
function failureOfCode(status: number, code: string | undefined): FailureName {
  // Who asks exists no more, or may not be what it was: a "no" to us, like KMS's own.
  if (code?.startsWith('EntityNotExist') === true) return 'denied';
  if (status === 200) return 'malformed';
  return failureOfAnswer(status, code);
}

function answered(
  { host, code, requestId, date }: HttpLogEntry,
  status: number,
  asked: TokenRequestContext,
): FetchFailure {
  if (host === metadataHost && status === 404) {
    const advice = 'This ECS instance has no such role: check its name, and that it is attached to the instance.';
    return new FetchFailure('rejected', `${asked.subject}: ${host} answered with status 404. ${advice}`, { status });
  }
  const failure = failureOfCode(status, code);
  const said = code === undefined ? `status ${status} and no answer of Alibaba Cloud's` : `status ${status}, ${code}`;
  const ahead = date === undefined ? 0 : asked.date - date;
  const message = `${asked.subject}: ${host} answered with ${said}. ${adviceOn(failure, code, ahead)}`;
  return new FetchFailure(failure, message, { code, status, requestId });
}

function adviceOn(failure: FailureName, code: string | undefined, ahead: number): string {
  if (Math.abs(ahead) > 60_000) {
    const direction = ahead > 0 ? 'ahead of' : 'behind';
    return `The clock of this machine is ${Math.round(Math.abs(ahead) / 60_000)} minutes ${direction} that of the server: set it right.`;
  }
  for (const [start, advice] of adviceByCode) if (code?.startsWith(start) === true) return advice;
  if (code === undefined && failure !== 'unavailable') return 'Check what answers there: a proxy, a captive portal.';
  return 'It may go well the next time.';
}

const adviceByCode: readonly (readonly [string, string])[] = [
  ['NoPermission', 'Check the trust policy of the role, and that who assumes it is allowed sts:AssumeRole.'],
  ['EntityNotExist', 'Check the ARN: there is no such role or provider.'],
  [
    'InvalidParameter',
    'Check what the name of the code tells: the role, the session name, the duration or the policy.',
  ],
  ['AuthenticationFail', 'Check the OIDC token: its issuer, its audience, and that it has not expired.'],
  ['InvalidAccessKeyId', 'Check the access key id: it does not exist, or is disabled.'],
  ['SignatureDoesNotMatch', 'Check the secret of the access key.'],
  ['InvalidSecurityToken', 'Check the security token: it has ended, or belongs to another key.'],
];

/** A system's code is a code; the name of an error class is none, and ours for an empty file neither. */
function codeOf(problem: string): string | undefined {
  return /^[A-Z][A-Z0-9_]+$/u.test(problem) && problem !== emptyTokenCode ? problem : undefined;
}
