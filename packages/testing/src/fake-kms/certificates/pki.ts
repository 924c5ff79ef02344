import { issueCertificate } from './certificate.ts';
import type { IssuedCertificate } from './certificate.ts';

/** The certificate that a listener presents: the valid one, or a faulty one. */
export type CertificateKind = 'valid' | CertificateFault;
export type CertificateFault = (typeof certificateFaults)[number];

/**
 * - `expired`: its validity period is over
 * - `wrongName`: issued for another host
 * - `otherCa`: issued by another CA of the same name
 * - `leafOnly`: sent without the intermediate certificate
 * - `selfSigned`: not issued by a CA
 */
export const certificateFaults = ['expired', 'wrongName', 'otherCa', 'leafOnly', 'selfSigned'] as const;

export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Pki {
  /** Root CA, then intermediate CA: the order of the files that KMS ships, which some official clients depend on. */
  readonly caPem: string;
  readonly certificates: ReadonlyMap<CertificateKind, ServerCertificate>;
  /**
   * The same CAs, with certificates for these host names in addition to the loopback names. The first is the common name.
   * `wrongName` has none of them.
   */
  forHosts(hosts: readonly string[]): Pki;
}

const day = 86_400_000;
const loopbackHosts = ['localhost', '127.0.0.1', '::1'];
/** `ub-common-name` of RFC 5280, appendix A.1. */
const maxCommonNameLength = 64;
let shared: Pki | undefined;

/**
 * The CAs and certificates of this process, created once: root -> intermediate CA, which may issue only server
 * certificates -> server, like the private CAs of KMS instances.
 *
 * Their validity follows the system time instead of the fake's clock, because TLS clients check it against system time.
 */
export function processPki(): Pki {
  shared ??= createPki(Date.now());
  return shared;
}

/** Whether a client must abort the handshake. A request over such a connection means that it does not verify. */
export function mustBeRejected(kind: CertificateKind): boolean {
  // A client that has the intermediate CA in its CA file accepts a server that does not send it.
  return kind !== 'valid' && kind !== 'leafOnly';
}

function createPki(now: number): Pki {
  const validity = { notBefore: now - day, notAfter: now + 90 * day };
  const root = issueCertificate({ name: 'Fake KMS Root CA', authority: { pathLength: 1 }, ...validity });
  const intermediate = issueCertificate({
    name: 'Fake KMS Second CA',
    issuer: root,
    authority: { pathLength: 0 },
    ...validity,
  });
  // Has the name of the root CA, so that only the signature distinguishes them.
  const otherRoot = issueCertificate({ name: 'Fake KMS Root CA', authority: {}, ...validity });

  const caPem = root.pem + intermediate.pem;
  // Kept for the process: the fakes of a test file have the same few hosts, and six key pairs for each fake add up.
  const pkis = new Map<string, Pki>();
  const forHosts = (names: readonly string[]): Pki => {
    const key = names.join(' ');
    const pki = pkis.get(key) ?? createFor(names);
    pkis.set(key, pki);
    return pki;
  };
  const createFor = (names: readonly string[]): Pki => {
    const hosts = [...names, ...loopbackHosts];
    const name = (names[0] ?? 'Fake KMS').slice(0, maxCommonNameLength);
    const server = { name, hosts, ...validity };
    const valid = issueCertificate({ ...server, issuer: intermediate });
    const expiredValidity = { notBefore: now - 2 * day, notAfter: now - day };
    const expired = issueCertificate({ ...server, issuer: intermediate, ...expiredValidity });
    const wrongName = issueCertificate({ ...server, issuer: intermediate, hosts: ['kms.wrong-name.invalid'] });
    const otherCa = issueCertificate({ ...server, issuer: otherRoot });
    const selfSigned = issueCertificate(server);
    const certificates = new Map<CertificateKind, ServerCertificate>([
      ['valid', serverCertificate(valid, intermediate)],
      ['leafOnly', serverCertificate(valid)],
      ['expired', serverCertificate(expired, intermediate)],
      ['wrongName', serverCertificate(wrongName, intermediate)],
      ['otherCa', serverCertificate(otherCa, otherRoot)],
      ['selfSigned', serverCertificate(selfSigned)],
    ]);
    return { caPem, certificates, forHosts };
  };
  return forHosts([]);
}

function serverCertificate(...chain: readonly [IssuedCertificate, ...IssuedCertificate[]]): ServerCertificate {
  return { cert: chain.map(({ pem }) => pem).join(''), key: chain[0].privateKeyPem };
}
