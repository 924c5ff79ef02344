/**
 * The codes of KMS and STS for credentials or a client key that they do not accept. KMS deletes expired credentials after a
 * while; then they are unknown.
 */
const identityCodes: ReadonlySet<string> = new Set([
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'MissingSecurityToken',
  // Of the instance API.
  'Unauthorized',
  'SignatureNotMatch',
]);

/** `AuthenticationFail` is of STS, for an OIDC token. */
const identityPrefixes: readonly string[] = ['InvalidAccessKeyId', 'InvalidSecurityToken', 'AuthenticationFail'];

/**
 * The codes of KMS, STS and the instance API for a date that is wrong by more than 15 minutes: the clock of this machine is wrong,
 * or the process was suspended after it had signed the request.
 */
const clockPrefixes: readonly string[] = ['InvalidTimeStamp', 'IllegalTimestamp', 'RequestTimeTooSkewed'];

/** Whether an error code says that the credentials or the client key were rejected, not the request. */
export function isRejectedIdentity(code: string | undefined): boolean {
  if (code === undefined) return false;
  return identityCodes.has(code) || identityPrefixes.some((prefix) => code.startsWith(prefix));
}

/** Whether an error code says that the date of the request was rejected. */
export function isRejectedClock(code: string | undefined): boolean {
  return clockPrefixes.some((prefix) => code?.startsWith(prefix) === true);
}
