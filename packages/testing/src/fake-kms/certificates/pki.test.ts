import { createPrivateKey, X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';

import { isBad, processPki } from './pki.ts';
import type { CertificateKind } from './pki.ts';

const pemPattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g;

test('the CA file holds the root, then the second authority it has issued', () => {
  const [root, second] = split(processPki().caPem);

  expect(root?.verify(root.publicKey)).toBe(true);
  expect(root?.ca).toBe(true);
  expect(second?.checkIssued(root as X509Certificate)).toBe(true);
  expect(second?.verify((root as X509Certificate).publicKey)).toBe(true);
  expect(second?.ca).toBe(true);
});

test('the right certificate is issued by the second authority, for loopback, and is no authority itself', () => {
  const [, second] = split(processPki().caPem);
  const [leaf, sent] = shown('right');

  expect(leaf?.verify((second as X509Certificate).publicKey)).toBe(true);
  expect(sent?.fingerprint256).toBe(second?.fingerprint256);
  expect(leaf?.ca).toBe(false);
  expect(leaf?.checkHost('localhost')).toBe('localhost');
  expect([leaf?.checkIP('127.0.0.1'), leaf?.checkIP('::1')]).toEqual(['127.0.0.1', '::1']);
  expect(leaf?.checkHost('example.com')).toBeUndefined();
});

test('the second authority may issue servers and no further authority', () => {
  const [, second] = split(processPki().caPem);

  // basicConstraints: an authority (01 01 ff) with a path length of nought (02 01 00).
  expect(second?.raw.toString('hex')).toContain('0603551d130101ff040830060101ff020100');
});

test('each other certificate has one thing amiss', () => {
  const [, second] = split(processPki().caPem);
  const issuedHere = (kind: CertificateKind): boolean | undefined =>
    shown(kind)[0]?.verify((second as X509Certificate).publicKey);
  const endOf = (kind: CertificateKind): number => Date.parse(shown(kind)[0]?.validTo ?? '');

  expect([issuedHere('expired'), endOf('expired') < Date.now()]).toEqual([true, true]);
  expect([issuedHere('wrongName'), shown('wrongName')[0]?.checkIP('127.0.0.1')]).toEqual([true, undefined]);
  expect([issuedHere('otherCa'), shown('otherCa')[0]?.checkIP('127.0.0.1')]).toEqual([false, '127.0.0.1']);
  expect([issuedHere('selfSigned'), shown('selfSigned').length]).toEqual([false, 1]);
  expect([issuedHere('leafOnly'), shown('leafOnly').length]).toEqual([true, 1]);
});

test('every certificate comes with its own key', () => {
  for (const [kind, { key }] of processPki().certificates) {
    expect(shown(kind)[0]?.checkPrivateKey(createPrivateKey(key))).toBe(true);
  }
});

test('a missing intermediate is no bad certificate, and all others are', () => {
  const kinds = [...processPki().certificates.keys()];

  expect(kinds.filter((kind) => !isBad(kind))).toEqual(['right', 'leafOnly']);
});

test('they are made once a process', () => {
  expect(processPki()).toBe(processPki());
});

function shown(kind: CertificateKind): X509Certificate[] {
  return split(processPki().certificates.get(kind)?.cert ?? '');
}

function split(pem: string): X509Certificate[] {
  return (pem.match(pemPattern) ?? []).map((one) => new X509Certificate(one));
}
