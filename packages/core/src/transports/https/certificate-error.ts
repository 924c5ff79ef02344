import type { PeerCertificateNames } from '../../network/send-request.ts';

/** Returns why a certificate is not trusted, and what to do; `undefined` if the error is not about a certificate. */
export function describeCertificateError(
  error: Error,
  certificate: PeerCertificateNames | undefined,
  isProxy: boolean,
): string | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const reason = certificateReasons.get(code);
  if (reason === undefined) return undefined;
  const advice = certificateAdvice.get(code) ?? (isProxy ? unknownProxyCa : unknownCa);
  return `its certificate${describe(certificate)} ${reason} (${code}). ${advice}`;
}

/** OpenSSL's verification errors by Node's names for them (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const certificateReasons: ReadonlyMap<string, string> = new Map([
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'does not match the host name'],
  ['HOSTNAME_MISMATCH', 'does not match the host name'],
  ['CERT_HAS_EXPIRED', 'or a CA certificate in its chain has expired'],
  ['CERT_NOT_YET_VALID', 'or a CA certificate in its chain is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'is self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'has a root CA that is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'has an unknown CA in its chain'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'is issued by an unknown CA'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'is issued by an unknown CA'],
  ['CERT_SIGNATURE_FAILURE', 'has an invalid signature'],
  ['CERT_UNTRUSTED', 'is not trusted for this purpose'],
  ['CERT_REJECTED', 'is rejected for this purpose'],
  ['CERT_REVOKED', 'has been revoked'],
  ['CERT_CHAIN_TOO_LONG', 'has a chain that is too long'],
  ['INVALID_CA', 'is issued by a certificate that is not a CA'],
  ['INVALID_PURPOSE', 'is not a server certificate'],
  ['PATH_LENGTH_EXCEEDED', 'has a chain that is longer than its CA allows'],
  ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', 'has a signature that cannot be decrypted'],
  ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'has a CA whose public key cannot be decoded'],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'has an invalid date'],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'has an invalid date'],
  ['ERR_SSL_CA_MD_TOO_WEAK', 'has a CA with a weak signature algorithm'],
  ['ERR_SSL_EE_KEY_TOO_SMALL', 'has a key that is too small'],
  ['CA_MD_TOO_WEAK', 'has a CA with a weak signature algorithm'],
  ['EE_KEY_TOO_SMALL', 'has a key that is too small'],
]);

const checkClock = 'Renew the certificate, or check the clock of this machine.';
const checkName = 'Check the endpoint: its host name must be one that the certificate is issued for.';
const unknownProxyCa = 'Set NODE_EXTRA_CA_CERTS to the CA of the proxy.';
const unknownCa =
  'For a KMS instance, set caFilePath of the endpoint to its CA (with an SDK client, NODE_EXTRA_CA_CERTS), which the KMS console offers under Instances, Instance CA Certificate. Otherwise, check whether a proxy intercepts TLS.';

const certificateAdvice: ReadonlyMap<string, string> = new Map([
  ['ERR_TLS_CERT_ALTNAME_INVALID', checkName],
  ['HOSTNAME_MISMATCH', checkName],
  ['CERT_HAS_EXPIRED', checkClock],
  ['CERT_NOT_YET_VALID', checkClock],
]);

function describe(certificate: PeerCertificateNames | undefined): string {
  if (certificate === undefined) return '';
  const { subject, altNames, validTo } = certificate;
  const parts = [
    subject,
    altNames === undefined ? undefined : `for ${altNames}`,
    validTo === undefined ? undefined : `valid to ${validTo}`,
  ];
  const description = parts.filter((part) => part !== undefined).join('; ');
  // The peer controls this text: it is truncated, and control characters must not reach a log.
  return description === '' ? '' : ` (${description.replaceAll(/\p{Cc}/gu, '?').slice(0, 300)})`;
}
