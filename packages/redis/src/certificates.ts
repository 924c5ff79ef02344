import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorCode } from '@kms-secrets/core';

/** The certificate authorities of a `rediss://` URL, as the options of the store have them. */
export interface CaOptions {
  readonly ca?: string | undefined;
  readonly caFilePath?: string | undefined;
}

/** PEM text; or what is wrong, as the value that was found. */
export type CaText = { readonly pem: string } | { readonly got: string };

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu;

/** Reads the certificates. A text or file that also has a private key is accepted; only the certificates are used. */
export function readCa({ ca, caFilePath = '' }: CaOptions): CaText {
  if (ca !== undefined) return certificatesIn(ca.replaceAll(/\\[rn]/gu, '\n'));
  try {
    return certificatesIn(readFileSync(caFilePath, 'latin1'));
  } catch (error) {
    return { got: `a file that cannot be read (${errorCode(error) ?? 'unknown error'})` };
  }
}

function certificatesIn(text: string): CaText {
  const blocks = text.match(certificate) ?? [];
  if (blocks.length === 0) return { got: 'no PEM certificate' };
  const invalid = blocks.findIndex((block) => !isCertificate(block));
  if (invalid !== -1) return { got: `an invalid certificate, number ${invalid + 1}` };
  return { pem: `${blocks.join('\n')}\n` };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
