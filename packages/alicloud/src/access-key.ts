import type { Secret } from '@kms-secrets/core';

/** An access key of a RAM user. */
export interface RamAccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** A secret does not hold an access key. */
export class AccessKeyError extends Error {
  override readonly name: string = 'AccessKeyError';
  readonly code = 'ERR_NO_ACCESS_KEY';
  readonly secretName: string;

  constructor(message: string, { secretName }: { readonly secretName: string }) {
    super(`${message} See https://kms-secrets.github.io/kms-secrets/errors#err_no_access_key`);
    this.secretName = secretName;
  }
}

/**
 * Reads the access key of a RAM secret (type `RAMCredentials`): `{ "AccessKeyId", "AccessKeySecret" }`. Throws `AccessKeyError` for another
 * secret; the message contains nothing of its value.
 */
export function accessKeyOf(secret: Secret): RamAccessKey {
  const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret } = fieldsOf(secret);
  if (isText(accessKeyId) && isText(accessKeySecret)) return { accessKeyId, accessKeySecret };
  throw new AccessKeyError(
    `Secret "${secret.name}" (version ${secret.versionId}) holds no access key: expected a JSON object with the texts "AccessKeyId" and "AccessKeySecret", as RAM secrets of KMS have.`,
    { secretName: secret.name },
  );
}

function fieldsOf(secret: Secret): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = secret.json();
    return typeof fields === 'object' && fields !== null ? { ...fields } : {};
  } catch {
    return {}; // binary, or no JSON
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
