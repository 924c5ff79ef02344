import { isError } from '@kms-secrets/core';

export interface RejectedAccount {
  readonly secretName: string;
  readonly versionId: string;
  /** The code of the error with which KMS could not be read for a newer version. */
  readonly refreshCode: string | undefined;
}

const named = new WeakSet<object>();

/** Adds the secret to the message of the error of a database. The error keeps its class and its code, which applications test. */
export function namedRejection(error: unknown, { secretName, versionId, refreshCode }: RejectedAccount): unknown {
  if (!isError(error) || named.has(error)) return error;
  named.add(error);
  const newer =
    refreshCode === undefined
      ? 'KMS has no newer version'
      : `KMS could not be read for a newer version (${refreshCode})`;
  error.message += ` (account of secret "${secretName}", version ${versionId}; ${newer})`;
  return error;
}
