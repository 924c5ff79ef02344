import { issueCertificate } from './certificate.ts';
import type { Identity } from './certificate.ts';

/** The certificate a listener shows: the right one, or one with something amiss. */
export type CertificateKind = 'right' | CertificateFault;
export type CertificateFault = 'expired' | 'wrongName' | 'otherCa' | 'leafOnly' | 'selfSigned';

export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Pki {
  /** Root, then second authority: the order of the files KMS ships, which some official clients depend on. */
  readonly caPem: string;
  readonly certificates: ReadonlyMap<CertificateKind, ServerCertificate>;
  /** The same with right certificates of its own for a server that has this name besides the loopback ones. */
  forHost(host: string): Pki;
}

const day = 86_400_000;
let made: Pki | undefined;

/**
 * The authorities and certificates of this process, made once: root -> second authority (which may issue servers only)
 * -> server, as the private authorities of KMS instances are built.
 *
 * They follow the machine's time and not the fake's clock, because that is what a TLS client checks them by.
 */
export function processPki(): Pki {
  made ??= makeTrust(Date.now());
  return made;
}

/** Connections over these must never carry a request: a client that sends one has not checked whom it talks to. */
export function isBad(kind: CertificateKind): boolean {
  // A server that sends no intermediate is trusted by a client that has the second authority in its file.
  return kind !== 'right' && kind !== 'leafOnly';
}

function makeTrust(now: number): Pki {
  const valid = { notBefore: now - day, notAfter: now + 30 * day };
  const root = issueCertificate({ name: 'Fake KMS Root CA', authority: { pathLength: 1 }, ...valid });
  const second = issueCertificate({ name: 'Fake KMS Second CA', issuer: root, authority: { pathLength: 0 }, ...valid });
  // The same name as ours, so that only the signature tells the two apart.
  const stranger = issueCertificate({ name: 'Fake KMS Root CA', authority: {}, ...valid });

  const hosts = ['localhost', '127.0.0.1', '::1'];
  const server = { name: 'Fake KMS', hosts, ...valid };
  const right = issueCertificate({ ...server, issuer: second });
  const expired = issueCertificate({ ...server, issuer: second, notBefore: now - 2 * day, notAfter: now - day });
  const wrongName = issueCertificate({ ...server, issuer: second, hosts: ['kms.wrong-name.invalid'] });
  const otherCa = issueCertificate({ ...server, issuer: stranger });
  const selfSigned = issueCertificate(server);
  const trust: Pki = {
    caPem: root.pem + second.pem,
    forHost(host) {
      const leaf = issueCertificate({ ...server, name: host.slice(0, 64), hosts: [host, ...hosts], issuer: second });
      const own = new Map([
        ['right', shown(leaf, second)],
        ['leafOnly', shown(leaf)],
      ] as const);
      return { ...trust, certificates: new Map([...trust.certificates, ...own]) };
    },
    certificates: new Map([
      ['right', shown(right, second)],
      ['leafOnly', shown(right)],
      ['expired', shown(expired, second)],
      ['wrongName', shown(wrongName, second)],
      ['otherCa', shown(otherCa, stranger)],
      ['selfSigned', shown(selfSigned)],
    ]),
  };
  return trust;
}

function shown(...chain: readonly [Identity, ...Identity[]]): ServerCertificate {
  return { cert: chain.map(({ pem }) => pem).join(''), key: chain[0].privateKeyPem };
}
