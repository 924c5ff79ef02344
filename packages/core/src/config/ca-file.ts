import type { X509Certificate } from 'node:crypto';
import { describePath } from '../options/redact.ts';
import { builtinModule } from '../platform/builtin-module.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { readTextFile } from './text-file.ts';

/** The certificate authorities that an endpoint trusts. If `pem` is missing, there is an issue. */
export interface CaFile {
  readonly pem?: string | undefined;
  /** When the last of the certificates expires (milliseconds since 1970): then the endpoint is no longer trusted. */
  readonly expiresAt?: number | undefined;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
}

interface CaSetting {
  /** The key of the setting, such as `endpoints[0].caFilePath`, and where it is set. */
  readonly key: string;
  readonly source: string;
  /** The current time in milliseconds since 1970. */
  readonly date: number;
}

export interface CaFileRequest extends CaSetting {
  /** A relative path is resolved from the working directory. */
  readonly path: string;
}

export interface CaTextRequest extends CaSetting {
  readonly pem: string;
}

const certificateBlock = /-----BEGIN (TRUSTED )?CERTIFICATE-----([^-]+)-----END (?:TRUSTED )?CERTIFICATE-----/gu;

/** Reads the certificates of a `caFilePath`. Every one of them must be valid PEM. */
export function readCaFile(request: CaFileRequest, machine: ConfigurationMachine): CaFile {
  const { path } = request;
  // Not quoted: the text may also contain a private key.
  if (path.includes('-----BEGIN ')) return rejected(request, 'PEM text instead of a path. Set it as `ca`');
  // Comments beside the certificates may have any encoding.
  const file = readTextFile(builtinModule('node:path').resolve(workingDirectory(machine) ?? '/', path), machine, {
    fallback: 'latin1',
  });
  if ('problem' in file) return rejected(request, `${file.problem} at ${describePath(path)}`);
  return readCertificates(file.text, request, { name: 'a file', place: ` at ${path}` });
}

/** Reads the certificates of a `ca`. Line breaks may be escaped or missing, as in variables. */
export function readCaText(request: CaTextRequest): CaFile {
  return readCertificates(request.pem.replaceAll(/\\[rn]/gu, '\n'), request, { name: 'a text', place: '' });
}

function readCertificates(
  text: string,
  setting: CaSetting,
  { name, place }: { readonly name: string; readonly place: string },
): CaFile {
  const reject = (problem: string): CaFile => rejected(setting, `${name} ${problem}${place}`);
  const blocks = Array.from(text.matchAll(certificateBlock), ([, trusted = '', body = '']) => toPem(trusted, body));
  if (blocks.length === 0) return reject('without a PEM certificate');
  const headers = text.split(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/u).length - 1;
  if (blocks.length < headers) return reject('with an incomplete certificate');
  const warnings: string[] = [];
  let expiresAt = 0;
  for (const [index, block] of blocks.entries()) {
    const certificate = parseCertificate(block);
    if (certificate === undefined) return reject(`whose certificate ${index + 1} is invalid`);
    const { validTo } = certificate;
    expiresAt = Math.max(expiresAt, Date.parse(validTo));
    if (Date.parse(validTo) < setting.date) {
      const subject = certificate.subject.replaceAll('\n', ', ');
      const where = place.replace(' at ', ' in ');
      warnings.push(`The CA certificate ${subject}${where} (${setting.key}, ${setting.source}) expired on ${validTo}.`);
    }
  }
  // The file may also contain a private key or comments, which are dropped.
  return { pem: `${blocks.join('\n')}\n`, expiresAt, issues: [], warnings };
}

/** With line breaks where OpenSSL needs them (RFC 7468, section 2). */
function toPem(trusted: string, body: string): string {
  const lines = body.replaceAll(/\s/gu, '').match(/.{1,64}/gu) ?? [];
  const label = `${trusted}CERTIFICATE`;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n');
}

function rejected({ key, source }: CaSetting, got: string): CaFile {
  const expected = 'a PEM file with at least one CA certificate';
  return { issues: [{ key, source, got, expected, example: '-----BEGIN CERTIFICATE----- …' }], warnings: [] };
}

function parseCertificate(pem: string): X509Certificate | undefined {
  const { X509Certificate } = builtinModule('node:crypto');
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
