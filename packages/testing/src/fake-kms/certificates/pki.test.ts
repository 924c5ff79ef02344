import { createPrivateKey, X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';

import { mustBeRejected, processPki } from './pki.ts';
import type { CertificateKind } from './pki.ts';

const pemPattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g;

test('the CA file has the root CA, then the intermediate CA', () => {
  const [root, intermediate] = parsePem(processPki().caPem);

  expect(root?.verify(root.publicKey)).toBe(true);
  expect(root?.ca).toBe(true);
  expect(intermediate?.checkIssued(root as X509Certificate)).toBe(true);
  expect(intermediate?.verify((root as X509Certificate).publicKey)).toBe(true);
  expect(intermediate?.ca).toBe(true);
});

test('the valid certificate is a loopback leaf of the intermediate CA', () => {
  const [, intermediate] = parsePem(processPki().caPem);
  const [leaf, sent] = chainOf('valid');

  expect(leaf?.verify((intermediate as X509Certificate).publicKey)).toBe(true);
  expect(sent?.fingerprint256).toBe(intermediate?.fingerprint256);
  expect(leaf?.ca).toBe(false);
  expect(leaf?.checkHost('localhost')).toBe('localhost');
  expect([leaf?.checkIP('127.0.0.1'), leaf?.checkIP('::1')]).toEqual(['127.0.0.1', '::1']);
  expect(leaf?.checkHost('example.com')).toBeUndefined();
});

test('the intermediate CA may not issue other CAs', () => {
  const [, intermediate] = parsePem(processPki().caPem);

  // basicConstraints: a CA (01 01 ff) with a path length of 0 (02 01 00).
  expect(intermediate?.raw.toString('hex')).toContain('0603551d130101ff040830060101ff020100');
});

test('each faulty certificate has exactly one fault', () => {
  const [, intermediate] = parsePem(processPki().caPem);
  const isIssuedHere = (kind: CertificateKind): boolean | undefined =>
    chainOf(kind)[0]?.verify((intermediate as X509Certificate).publicKey);
  const expiryOf = (kind: CertificateKind): number => Date.parse(chainOf(kind)[0]?.validTo ?? '');

  expect([isIssuedHere('expired'), expiryOf('expired') < Date.now()]).toEqual([true, true]);
  expect([isIssuedHere('wrongName'), chainOf('wrongName')[0]?.checkIP('127.0.0.1')]).toEqual([true, undefined]);
  expect([isIssuedHere('otherCa'), chainOf('otherCa')[0]?.checkIP('127.0.0.1')]).toEqual([false, '127.0.0.1']);
  expect([isIssuedHere('selfSigned'), chainOf('selfSigned').length]).toEqual([false, 1]);
  expect([isIssuedHere('leafOnly'), chainOf('leafOnly').length]).toEqual([true, 1]);
});

test('forHosts adds the names to every certificate but wrongName', () => {
  const { certificates } = processPki().forHosts(['kms.cn-hangzhou.aliyuncs.com']);
  const kindsWithName = [...certificates]
    .filter(([, { cert }]) => parsePem(cert)[0]?.checkHost('kms.cn-hangzhou.aliyuncs.com') !== undefined)
    .map(([kind]) => kind);

  expect(kindsWithName).toEqual(['valid', 'leafOnly', 'expired', 'otherCa', 'selfSigned']);
});

test('every certificate matches its private key', () => {
  for (const [kind, { key }] of processPki().certificates) {
    expect(chainOf(kind)[0]?.checkPrivateKey(createPrivateKey(key))).toBe(true);
  }
});

test('every certificate but valid and leafOnly must be rejected', () => {
  const kinds = [...processPki().certificates.keys()];

  expect(kinds.filter((kind) => !mustBeRejected(kind))).toEqual(['valid', 'leafOnly']);
});

test('creates the certificates once per process', () => {
  expect(processPki()).toBe(processPki());
});

function chainOf(kind: CertificateKind): X509Certificate[] {
  return parsePem(processPki().certificates.get(kind)?.cert ?? '');
}

function parsePem(pem: string): X509Certificate[] {
  return (pem.match(pemPattern) ?? []).map((certificate) => new X509Certificate(certificate));
}
