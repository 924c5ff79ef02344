/** Identifies one version of a secret, by its stage or by its id. */
export interface SecretRequest {
  /** Name or ARN, as the caller wrote it. */
  readonly name: string;
  /** The version stage, such as `ACSCurrent`. */
  readonly stage?: string | undefined;
  readonly versionId?: string | undefined;
}

/** Validates and copies what arrived from a store or another process. `undefined` if it is not a request. */
export function toSecretRequest(value: unknown): SecretRequest | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, stage, versionId }: Partial<Record<keyof SecretRequest, unknown>> = value;
  if (typeof name !== 'string' || !isOptionalText(stage) || !isOptionalText(versionId)) return undefined;
  return { name, ...(stage !== undefined && { stage }), ...(versionId !== undefined && { versionId }) };
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
