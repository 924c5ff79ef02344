import { describePath } from '../options/redact.ts';
import type { FailureName } from '../secret/failures.ts';
import { failureOfResponse } from '../secret/failures.ts';
import { FetchFailure, moduleFailure } from '../ports/transport.ts';
import { moduleErrorMessage } from '../secret/module-error.ts';
import { withoutMessage } from '../secret/thrown-error.ts';
import type { HttpLogEntry } from './http-log.ts';
import { emptyTokenCode, reasonOf } from './http-log.ts';

/** What the error message about a failed credentials request contains, besides entries of the HTTP log. */
export interface TokenRequestContext {
  /** The subject of the message, such as `Credentials for role acs:ram::1:role/x`. */
  readonly subject: string;
  /** The path of the OIDC token file; only for OIDC. */
  readonly tokenFile?: string | undefined;
  /** Milliseconds since 1970 by the clock of this machine. */
  readonly date: number;
}

/**
 * Converts an error of `@alicloud/credentials` into a `FetchFailure`.
 *
 * The library's messages quote responses, key files and the signed URL. Therefore the failure does not contain the library's
 * error, neither in its message nor as its `cause`.
 */
export function tokenFailure(
  error: unknown,
  httpLog: readonly HttpLogEntry[],
  context: TokenRequestContext,
): FetchFailure {
  if (moduleErrorMessage(error) !== undefined) return moduleFailure(error);
  const last = httpLog.at(-1);
  const reason = reasonOf(error);
  if (context.tokenFile !== undefined && (reason === emptyTokenCode || last === undefined)) {
    return tokenFileFailure(reason, context.tokenFile);
  }
  if (last === undefined) {
    const message = `${context.subject}: no request was sent (${reason}). Check the credentials.`;
    return new FetchFailure('identity', message, { code: systemCode(reason), cause: withoutMessage(error) });
  }
  if (last.status === undefined) return connectionFailure(last, context);
  return tokenResponseFailure(last, last.status, context);
}

function tokenFileFailure(reason: string, file: string): FetchFailure {
  const problem =
    reason === emptyTokenCode ? 'is empty' : (fileProblems.get(reason) ?? `could not be read (${reason})`);
  const message = `The OIDC token file ${describePath(file)} ${problem}. Check the path and the Kubernetes volume that it is mounted from.`;
  return new FetchFailure('identity', message, { code: systemCode(reason) });
}

const fileProblems: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist (ENOENT)'],
  ['EACCES', 'is not readable by this process (EACCES)'],
  ['EISDIR', 'is a directory (EISDIR)'],
]);

function connectionFailure(
  { host, reason = 'unknown reason', advice: proxyAdvice, retryAfter }: HttpLogEntry,
  { subject }: TokenRequestContext,
): FetchFailure {
  const isUntrusted = /CERT|SELF_SIGNED|UNABLE_TO_|^HOSTNAME_/u.test(reason);
  const advice = isUntrusted
    ? 'Its certificate is not trusted: set NODE_EXTRA_CA_CERTS to its CA, or check whether a proxy intercepts TLS.'
    : (proxyAdvice ?? tokenConnectAdvice(host));
  const message = `${subject}: ${host} did not respond (${reason}). ${advice}`;
  const failure = isUntrusted ? 'untrusted' : 'unreachable';
  return new FetchFailure(failure, message, { code: systemCode(reason), retryAfter });
}

function tokenConnectAdvice(host: string): string {
  if (host === metadataHost) {
    return 'It is the metadata service of ECS: check that this process runs on an ECS instance, and that its network allows the address.';
  }
  if (host.startsWith('sts-vpc.')) return 'It is reachable only from a VPC in its region.';
  return 'Check that this machine can reach it.';
}

/** The ECS metadata service. It is not an Alibaba Cloud API, so its errors have no code. */
const metadataHost = '100.100.100.200';

/** What to do about a status of the metadata service. */
function metadataAdvice(status: number): string {
  if (status === 404) {
    return 'This ECS instance has no such role. Check the role name, and that it is attached to the instance.';
  }
  if (status === 401 || status === 403) {
    return 'The instance enforces hardened mode (IMDSv2), and this process got no token, as in a container more than one hop away. Raise HttpPutResponseHopLimit of the instance, or use RRSA (oidc_role_arn) in Kubernetes.';
  }
  return status >= 500 ? 'The next request may succeed.' : 'Check that no other service responds at this address.';
}

/**
 * An issuer that refuses credentials says nothing about a secret, whether STS, the metadata service or something in its place has
 * responded. STS responds with 401 `AuthenticationFail.*` even if it could not fetch the keys of the OIDC provider.
 */
function failureOfIssuer(status: number, code: string | undefined): FailureName {
  const failure = failureOfResponse(status, code);
  return failure === 'throttled' || failure === 'unavailable' || status < 400 ? failure : 'identity';
}

function tokenResponseFailure(
  { host, code, requestId, date, retryAfter }: HttpLogEntry,
  status: number,
  context: TokenRequestContext,
): FetchFailure {
  if (host === metadataHost) {
    const message = `${context.subject}: the metadata service ${host} responded with status ${status}. ${metadataAdvice(status)}`;
    return new FetchFailure(failureOfIssuer(status, undefined), message, { status });
  }
  const failure = failureOfIssuer(status, code);
  const response =
    code === undefined ? `status ${status} and a body that is not from Alibaba Cloud` : `status ${status}, ${code}`;
  const clockSkew = date === undefined ? 0 : context.date - date;
  const message = `${context.subject}: ${host} responded with ${response}. ${tokenAdviceFor(failure, code, clockSkew)}`;
  return new FetchFailure(failure, message, { code, status, requestId, retryAfter });
}

function tokenAdviceFor(failure: FailureName, code: string | undefined, clockSkew: number): string {
  if (Math.abs(clockSkew) > 60_000) {
    const direction = clockSkew > 0 ? 'ahead of' : 'behind';
    const minutes = Math.round(Math.abs(clockSkew) / 60_000);
    return `The clock of this machine is ${minutes} minutes ${direction} the server's. Synchronize it with NTP.`;
  }
  for (const [prefix, advice] of tokenAdviceByCode) if (code?.startsWith(prefix) === true) return advice;
  if (code === undefined && failure !== 'unavailable') {
    return 'Check whether a proxy or a captive portal responds in its place.';
  }
  return 'The next request may succeed.';
}

/** The advice by the prefix of the code. */
const tokenAdviceByCode: readonly (readonly [string, string])[] = [
  ['NoPermission', 'Check the trust policy of the role, and that the caller has the permission sts:AssumeRole.'],
  ['EntityNotExist', 'Check the ARN: the role or the OIDC provider does not exist.'],
  ['InvalidParameter', 'Check the parameter that the code names: the role, session name, duration or policy.'],
  ['AuthenticationFail', 'Check the OIDC token: its issuer, its audience, and that it has not expired.'],
  ['InvalidAccessKeyId', 'Check the access key id: it does not exist or is disabled.'],
  ['SignatureDoesNotMatch', 'Check the access key secret.'],
  ['InvalidSecurityToken', 'Check the security token: it has expired or belongs to another access key.'],
];

/** Returns a code of the system. A name of an error and the internal code of an empty token are none. */
function systemCode(reason: string): string | undefined {
  return /^[A-Z][A-Z0-9_]+$/u.test(reason) && reason !== emptyTokenCode ? reason : undefined;
}
