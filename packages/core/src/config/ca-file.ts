import type { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { readText } from './read-text.ts';

/** The authorities that an endpoint is to trust; without `pem` there is an issue. */
export interface CaFile {
  readonly pem?: string | undefined;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
}

export interface CaFileRequest {
  /** As it was set; a relative one is looked for in the working directory. */
  readonly path: string;
  /** The key that holds it, such as `endpoints[0].caFilePath`, and where that stands. */
  readonly key: string;
  readonly source: string;
  /** Milliseconds since 1970. */
  readonly date: number;
}

/** Reads a `caFilePath`: PEM text, every certificate of which can be parsed. */
export function readCaFile(request: CaFileRequest, machine: ConfigurationMachine): CaFile {
  const { path, key, source, date } = request;
  const refuse = (got: string): CaFile => {
    const expected = 'a PEM file with at least one certificate of an authority';
    return {
      issues: [{ key, source, got: `${got} at ${path}`, expected, example: '-----BEGIN CERTIFICATE----- …' }],
      warnings: [],
    };
  };
  const read = readText(resolve(workingDirectory(machine) ?? '/', path), machine);
  if ('problem' in read) return refuse(read.problem);
  const blocks = read.text.match(certificateBlock) ?? [];
  if (blocks.length === 0) return refuse('a file without a certificate in PEM');
  const begun = read.text.split(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/u).length - 1;
  if (blocks.length < begun) return refuse('a file that is cut off: a certificate has no end');
  const warnings: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const certificate = parseCertificate(block);
    if (certificate === undefined) return refuse(`a file whose certificate number ${index + 1} cannot be read`);
    const validTo = Date.parse(certificate.validTo);
    if (validTo < date) {
      const subject = certificate.subject.replaceAll('\n', ', ');
      warnings.push(
        `The certificate authority ${subject} in ${path} (${key}, ${source}) expired on ${certificate.validTo}.`,
      );
    }
  }
  // The blocks alone: whatever else is in the file (a private key, a comment) is nobody's business.
  return { pem: `${blocks.join('\n')}\n`, issues: [], warnings };
}

const certificateBlock = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/gu;

function parseCertificate(pem: string): X509Certificate | undefined {
  // Not imported: whoever has no such file would pay for it at every start.
  const crypto = process.getBuiltinModule('node:crypto');
  try {
    return new crypto.X509Certificate(pem);
  } catch {
    return undefined;
  }
}
