/** Identifies what is read from KMS: one secret, by stage or by version. */
export interface SecretRequest {
  /** Name or ARN, as the caller wrote it. */
  readonly name: string;
  readonly stage?: string | undefined;
  readonly versionId?: string | undefined;
}
