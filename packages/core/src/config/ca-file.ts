import type { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { builtinModule } from '../platform/builtin-module.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { readTextFile } from './text-file.ts';

/** The certificate authorities that an endpoint trusts. If `pem` is missing, there is an issue. */
export interface CaFile {
  readonly pem?: string | undefined;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
}

export interface CaFileRequest {
  /** A relative path is resolved from the working directory. */
  readonly path: string;
  /** The key of the path, such as `endpoints[0].caFilePath`, and where it is set. */
  readonly key: string;
  readonly source: string;
  /** The current time in milliseconds since 1970. */
  readonly date: number;
}

const certificateBlock = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/gu;

/** Reads the certificates of a `caFilePath`. Every one of them must be valid PEM. */
export function readCaFile(request: CaFileRequest, machine: ConfigurationMachine): CaFile {
  const { path, key, source, date } = request;
  const reject = (got: string): CaFile => {
    const expected = 'a PEM file with at least one CA certificate';
    return {
      issues: [{ key, source, got: `${got} at ${path}`, expected, example: '-----BEGIN CERTIFICATE----- …' }],
      warnings: [],
    };
  };
  const file = readTextFile(resolve(workingDirectory(machine) ?? '/', path), machine);
  if ('problem' in file) return reject(file.problem);
  const blocks = file.text.match(certificateBlock) ?? [];
  if (blocks.length === 0) return reject('a file without a PEM certificate');
  const headers = file.text.split(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/u).length - 1;
  if (blocks.length < headers) return reject('a file with an incomplete certificate');
  const warnings: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const certificate = parseCertificate(block);
    if (certificate === undefined) return reject(`a file whose certificate ${index + 1} is invalid`);
    const { validTo } = certificate;
    if (Date.parse(validTo) < date) {
      const subject = certificate.subject.replaceAll('\n', ', ');
      warnings.push(`The CA certificate ${subject} in ${path} (${key}, ${source}) expired on ${validTo}.`);
    }
  }
  // The file may also contain a private key or comments, which are dropped.
  return { pem: `${blocks.join('\n')}\n`, issues: [], warnings };
}

function parseCertificate(pem: string): X509Certificate | undefined {
  const { X509Certificate } = builtinModule('node:crypto');
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
