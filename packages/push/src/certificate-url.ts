/** Where certificates may be loaded from. */
export interface CertificateHosts {
  /**
   * The regions whose certificates are trusted. A list, because anyone may own the bucket `<any name>-eventbridge` of OSS, where a
   * pattern would find a certificate.
   */
  readonly regions: ReadonlySet<string>;
  /** The origin of a fake. */
  readonly testOrigin: string | undefined;
}

const maxLength = 512;

/**
 * Whether a certificate may be loaded from `url`. Tests the text, not a parsed URL: no credentials, port, query, escape or character
 * that a parser would change can be in it.
 */
export function isTrustedCertificateUrl(url: string, { regions, testOrigin }: CertificateHosts): boolean {
  if (url.length > maxLength) return false;
  const [, origin, region, path = ''] =
    /^(https:\/\/([a-z\d-]+)-eventbridge\.oss-accelerate\.aliyuncs\.com)(\/.+)$/u.exec(url) ?? [];
  if (origin !== undefined && region !== undefined) return regions.has(region) && isPlainPath(path);
  return testOrigin !== undefined && url.startsWith(`${testOrigin}/`) && isPlainPath(url.slice(testOrigin.length));
}

function isPlainPath(path: string): boolean {
  return /^(?:\/\w[\w.~-]*)+$/u.test(path);
}
