import type { PeerCertificateNames } from './send-request.ts';

/** Why a certificate is not trusted, in words; `undefined` for an error that is about something else. */
export function describeCertificateError(
  error: Error,
  certificate: PeerCertificateNames | undefined,
): string | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const reason = reasons.get(code);
  if (reason === undefined) return undefined;
  return `its certificate${described(certificate)} ${reason} (${code}). ${advice.get(code) ?? unknownAuthority}`;
}

/** OpenSSL's verification errors by Node's names for them (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const reasons: ReadonlyMap<string, string> = new Map([
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'is for another name'],
  ['HOSTNAME_MISMATCH', 'is for another name'],
  ['CERT_HAS_EXPIRED', 'or one above it has expired'],
  ['CERT_NOT_YET_VALID', 'or one above it is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'is signed by itself'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'leads to an authority that is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'leads to an authority that is not known'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'is signed by an authority that is not known'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'is signed by an authority that is not known'],
  ['CERT_SIGNATURE_FAILURE', 'has a signature that is wrong'],
  ['CERT_UNTRUSTED', 'is not trusted for this purpose'],
  ['CERT_REJECTED', 'is rejected for this purpose'],
  ['CERT_REVOKED', 'was revoked'],
  ['CERT_CHAIN_TOO_LONG', 'has a chain that is too long'],
  ['INVALID_CA', 'is signed by something that is no authority'],
  ['INVALID_PURPOSE', 'is not meant for a server'],
  ['PATH_LENGTH_EXCEEDED', 'has a chain that is longer than its authority allows'],
  ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', 'has a signature that cannot be read'],
  ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'has an authority whose key cannot be read'],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'has a date that cannot be read'],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'has a date that cannot be read'],
  ['ERR_SSL_CA_MD_TOO_WEAK', 'is signed in a way that is too weak'],
  ['ERR_SSL_EE_KEY_TOO_SMALL', 'has a key that is too small'],
  ['CA_MD_TOO_WEAK', 'is signed in a way that is too weak'],
  ['EE_KEY_TOO_SMALL', 'has a key that is too small'],
]);

const clock = 'Renew it, or check the clock of this machine.';
const otherName = 'Check the endpoint: it must be a name that the certificate is for.';
const unknownAuthority =
  'Set caFilePath of the endpoint to the authority of this KMS instance (for an SDK client, NODE_EXTRA_CA_CERTS), or check what answers in its place.';

const advice: ReadonlyMap<string, string> = new Map([
  ['ERR_TLS_CERT_ALTNAME_INVALID', otherName],
  ['HOSTNAME_MISMATCH', otherName],
  ['CERT_HAS_EXPIRED', clock],
  ['CERT_NOT_YET_VALID', clock],
]);

function described(certificate: PeerCertificateNames | undefined): string {
  if (certificate === undefined) return '';
  const { subject, altNames, validTo } = certificate;
  const parts = [
    subject,
    altNames === undefined ? undefined : `for ${altNames}`,
    validTo === undefined ? undefined : `valid to ${validTo}`,
  ];
  const told = parts.filter((part) => part !== undefined).join('; ');
  // A certificate is written by whoever answers: a long one is cut, and no control character of it gets into a log.
  return told === '' ? '' : ` (${told.replaceAll(/\p{Cc}/gu, '?').slice(0, 300)})`;
}
