import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** A certificate with its private key. */
export interface IssuedCertificate {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly privateKeyPem: string;
  readonly pem: string;
  readonly der: Buffer;
}

export interface CertificateRequest {
  /** The common name of the subject. */
  readonly name: string;
  /** Default: self-signed. */
  readonly issuer?: IssuedCertificate;
  /** Makes the certificate a CA. `pathLength` is the number of CAs allowed below it. */
  readonly authority?: { readonly pathLength?: number };
  /** Host names and IP addresses of a server certificate. */
  readonly hosts?: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  /** Default: a new P-256 key pair. */
  readonly keyPair?: KeyPair;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const oids = {
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const rsaWithSha256 = sequence(objectIdentifier('1.2.840.113549.1.1.11'), nullValue());

/** Issues an X.509 version 3 certificate (RFC 5280). */
export function issueCertificate(request: CertificateRequest): IssuedCertificate {
  const { privateKey, publicKey } = request.keyPair ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signingKey = request.issuer?.privateKey ?? privateKey;
  const algorithm = signingKey.asymmetricKeyType === 'rsa' ? rsaWithSha256 : ecdsaWithSha256;
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3 is encoded as 2
    integer(randomBytes(16)),
    algorithm,
    distinguishedName(request.issuer?.name ?? request.name),
    sequence(time(request.notBefore), time(request.notAfter)),
    distinguishedName(request.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(request))),
  );
  const signature = sign('sha256', body, signingKey);
  const der = sequence(body, algorithm, bitString(signature));
  return {
    name: request.name,
    privateKey,
    publicKey,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pem: toPem(der),
    der,
  };
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier(oids.commonName), utf8String(commonName))));
}

function extensions({ authority, hosts }: CertificateRequest): Buffer[] {
  // keyUsage: a CA signs certificates (bit 5), a server signs handshakes (bit 0).
  const keyUsage = authority === undefined ? bitString(Buffer.from([0x80]), 7) : bitString(Buffer.from([0x04]), 2);
  const list = [extension(oids.keyUsage, keyUsage), extension(oids.basicConstraints, basicConstraints(authority))];
  if (hosts !== undefined) {
    list.push(extension(oids.extendedKeyUsage, sequence(objectIdentifier(oids.serverAuth))));
    list.push(extension(oids.subjectAltName, sequence(...hosts.map(generalName))));
  }
  return list;
}

/** Marks keyUsage and basicConstraints as critical (RFC 5280, 4.2.1.3 and 4.2.1.9). */
function extension(oid: string, content: Buffer): Buffer {
  const isCritical = oid === oids.keyUsage || oid === oids.basicConstraints;
  return sequence(objectIdentifier(oid), ...(isCritical ? [boolean(true)] : []), octetString(content));
}

function basicConstraints(authority: CertificateRequest['authority']): Buffer {
  if (authority === undefined) return sequence();
  const { pathLength } = authority;
  return sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(Buffer.from([pathLength]))]));
}

function generalName(host: string): Buffer {
  const family = isIP(host);
  if (family === 0) return implicit(2, Buffer.from(host, 'latin1'));
  const address = family === 4 ? Buffer.from(host.split('.').map(Number)) : loopbackV6;
  return implicit(7, address);
}

/** `::1`, the only IPv6 address in the certificates of the fake. */
const loopbackV6 = Buffer.concat([Buffer.alloc(15), Buffer.from([1])]);

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
