/** Identifies one version of a secret, by its stage or by its id. */
export interface SecretRequest {
  /** Name or ARN, as the caller wrote it. */
  readonly name: string;
  /** The version stage, such as `ACSCurrent`. */
  readonly stage?: string | undefined;
  readonly versionId?: string | undefined;
}
