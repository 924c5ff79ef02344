import { builtinModule } from '../../platform/builtin-module.ts';

const { createHash } = builtinModule('node:crypto');

/** The variable parts of a request to the instance API. */
export interface InstanceRequest {
  readonly host: string;
  /** RFC 9110, section 5.6.7: `Fri, 02 Jan 2026 03:04:05 GMT`. */
  readonly date: string;
  readonly userAgent: string;
  readonly keyId: string;
  readonly body: Buffer;
}

const contentType = 'application/x-protobuf';

/** All headers except the signature, in the order of the official clients. */
export function instanceHeaders({
  host,
  date,
  userAgent,
  keyId,
  body,
}: InstanceRequest): Readonly<Record<string, string>> {
  return {
    accept: contentType,
    host,
    date,
    'user-agent': userAgent,
    'x-kms-apiversion': 'dkms-gcs-0.2',
    'x-kms-apiname': 'GetSecretValue',
    'x-kms-signaturemethod': 'RSA_PKCS1_SHA_256',
    // Three c's: the spelling of the documentation and of all official clients.
    'x-kms-acccesskeyid': keyId,
    'content-type': contentType,
    'content-length': String(body.length),
    'content-sha256': createHash('sha256').update(body).digest('hex').toUpperCase(),
  };
}

/**
 * Returns the string to sign of the instance API: the method, three headers, all `x-kms-` headers sorted by name, and the path "/"
 * (https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/request-signatures).
 */
export function instanceStringToSign(method: string, headers: Readonly<Record<string, string>>): string {
  const kmsHeaders = Object.keys(headers).filter((name) => name.startsWith('x-kms-'));
  const lines = kmsHeaders.toSorted().map((name) => `${name}:${headers[name] ?? ''}\n`);
  const { 'content-sha256': digest = '', 'content-type': type = '', date = '' } = headers;
  return `${method}\n${digest}\n${type}\n${date}\n${lines.join('')}/`;
}
