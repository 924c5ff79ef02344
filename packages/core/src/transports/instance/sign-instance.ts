import { hash } from 'node:crypto';

/** What is particular to one request to the instance API. */
export interface InstanceRequest {
  readonly host: string;
  /** RFC 9110, section 5.6.7: `Fri, 02 Jan 2026 03:04:05 GMT`. */
  readonly date: string;
  readonly userAgent: string;
  readonly keyId: string;
  readonly body: Buffer;
}

const contentType = 'application/x-protobuf';

/** All headers but the signature, in the order in which the official clients write them. */
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
    // Not a slip: the name has three c's in the documentation and in every official client.
    'x-kms-acccesskeyid': keyId,
    'content-type': contentType,
    'content-length': String(body.length),
    'content-sha256': hash('sha256', body, 'hex').toUpperCase(),
  };
}

/**
 * What the signature of the instance API is made of
 * (https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/request-signatures): the method,
 * three headers, all that begin with `x-kms-` in the order of their names, and the path, which is always "/".
 */
export function instanceStringToSign(method: string, headers: Readonly<Record<string, string>>): string {
  const own = Object.keys(headers).filter((name) => name.startsWith('x-kms-'));
  const lines = own.toSorted().map((name) => `${name}:${headers[name] ?? ''}\n`);
  const { 'content-sha256': digest = '', 'content-type': type = '', date = '' } = headers;
  return `${method}\n${digest}\n${type}\n${date}\n${lines.join('')}/`;
}
