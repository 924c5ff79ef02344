/**
 * The codes of KMS and STS for credentials or a client key that they do not accept. KMS deletes expired credentials after a
 * while; then they are unknown.
 */
const codes: ReadonlySet<string> = new Set([
  'InvalidSecurityToken.Expired',
  'InvalidSecurityToken.Malformed',
  'InvalidSecurityToken.MismatchWithAccessKey',
  'InvalidAccessKeyId.NotFound',
  'InvalidAccessKeyId.Inactive',
  'SignatureDoesNotMatch',
  // Of the instance API.
  'Unauthorized',
  'SignatureNotMatch',
]);

/** Whether an error code says that the credentials or the client key were rejected, not the request. */
export function isRejectedIdentity(code: string | undefined): boolean {
  return codes.has(code ?? '');
}
