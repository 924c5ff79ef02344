import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** A key with its certificate: what an issuer signs with, and what a server shows. */
export interface Identity {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly privateKeyPem: string;
  readonly pem: string;
  readonly der: Buffer;
}

export interface CertificateRequest {
  readonly name: string;
  /** Who signs; itself when left out. */
  readonly issuer?: Identity;
  /** An authority may issue; `pathLength` says how many authorities may stand below it. */
  readonly authority?: { readonly pathLength?: number };
  /** Host names and addresses a server may be reached by. */
  readonly hosts?: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** What the certificate is for; a new P-256 key when left out. */
  readonly keyPair?: KeyPair;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const rsaWithSha256 = sequence(objectIdentifier('1.2.840.113549.1.1.11'), nothing());

/** Makes an X.509 version 3 certificate (RFC 5280). */
export function issueCertificate(request: CertificateRequest): Identity {
  const { privateKey, publicKey } = request.keyPair ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = request.issuer?.privateKey ?? privateKey;
  const algorithm = signer.asymmetricKeyType === 'rsa' ? rsaWithSha256 : ecdsaWithSha256;
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3 is written as 2
    integer(randomBytes(16)),
    algorithm,
    distinguishedName(request.issuer?.name ?? request.name),
    sequence(time(request.notBefore), time(request.notAfter)),
    distinguishedName(request.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(request))),
  );
  const signature = sign('sha256', body, signer);
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
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))));
}

function extensions({ authority, hosts }: CertificateRequest): Buffer[] {
  const list = [
    // keyUsage: an authority signs certificates (bit 5), a server signs handshakes (bit 0).
    extension(
      '2.5.29.15',
      authority === undefined ? bitString(Buffer.from([0x80]), 7) : bitString(Buffer.from([0x04]), 2),
    ),
    extension('2.5.29.19', basicConstraints(authority)),
  ];
  if (hosts !== undefined) {
    list.push(extension('2.5.29.37', sequence(objectIdentifier('1.3.6.1.5.5.7.3.1')))); // for servers
    list.push(extension('2.5.29.17', sequence(...hosts.map(generalName))));
  }
  return list;
}

/** A client must refuse an extension it does not understand if it is critical; all of these are well understood. */
function extension(identifier: string, content: Buffer): Buffer {
  const isCritical = identifier === '2.5.29.15' || identifier === '2.5.29.19';
  return sequence(objectIdentifier(identifier), ...(isCritical ? [boolean(true)] : []), octetString(content));
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

/** `::1`, the only IPv6 address this fake is ever reached by. */
const loopbackV6 = Buffer.concat([Buffer.alloc(15), Buffer.from([1])]);

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
