import type { ReadPermission } from '../auth/access-keys.ts';
import { isSecretName, limits } from '../secrets/limits.ts';
import type { SecretRepository } from '../secrets/secret-repository.ts';
import type { StoredSecret, StoredVersion } from '../secrets/stored-secret.ts';
import { formatDate } from '../settable-clock.ts';
import { ApiError, apiError, missingParameter } from './api-error.ts';

/** The account that owns all secrets of the fake. */
export const accountId = '1234567890123456';

/** The fields of a GetSecretValue response, without `RequestId`. Optional fields are absent, as in KMS. */
export interface SecretValueResult {
  readonly SecretName: string;
  readonly SecretType: string;
  readonly SecretData: string;
  readonly SecretDataType: string;
  readonly VersionStages: { readonly VersionStage: readonly string[] };
  readonly VersionId: string;
  readonly CreateTime: string;
  readonly AutomaticRotation?: string;
  readonly RotationInterval?: string;
  readonly NextRotationDate?: string;
  readonly LastRotationDate?: string;
  readonly ExtendedConfig?: string;
}

export interface GetSecretValueRequest {
  readonly parameters: ReadonlyMap<string, string>;
  readonly region: string;
  /** The permission of the key that signed the request. */
  readonly canRead: ReadPermission;
}

/** The action GetSecretValue. Throws an `ApiError`. */
export function getSecretValue(secrets: SecretRepository, request: GetSecretValueRequest): SecretValueResult {
  const isDryRun = parseFlag(request.parameters, 'DryRun');
  if (!isDryRun) return readSecret(secrets, request);
  try {
    readSecret(secrets, request);
  } catch (error) {
    throw error instanceof ApiError ? dryRunError(error) : error;
  }
  throw apiError('DryRunOperationError');
}

function readSecret(
  secrets: SecretRepository,
  { parameters, region, canRead }: GetSecretValueRequest,
): SecretValueResult {
  const { name, foreignArn } = parseSecretName(parameters.get('SecretName') ?? '', region);
  const includeExtendedConfig = parseFlag(parameters, 'FetchExtendedConfig');
  const stage = optionalParameter(parameters, 'VersionStage');
  const versionId = optionalParameter(parameters, 'VersionId');

  if (foreignArn !== undefined) {
    throw apiError(secrets.isDenied(foreignArn) ? 'Forbidden.NoPermission' : 'Forbidden.ResourceNotFound');
  }
  if (!canRead(name, region)) throw apiError('Forbidden.NoPermission');
  if (secrets.isDenied(secretArn(name, region))) throw apiError('Forbidden.NoPermission');
  checkState(secrets, name);
  const secret = secrets.find(name);
  if (secret === undefined) throw apiError('Forbidden.ResourceNotFound');
  const isGeneric = secret.type === 'Generic';
  const version = isGeneric ? findVersion(secret, stage, versionId) : findManagedVersion(secret, stage);
  return {
    SecretName: secret.name,
    SecretType: secret.type,
    SecretData: version.value,
    SecretDataType: version.dataType,
    VersionStages: { VersionStage: secret.stagesOf(version.versionId) },
    VersionId: version.versionId,
    CreateTime: formatDate(secret.createdAt),
    ...(isGeneric ? {} : managedFields(secret, includeExtendedConfig)),
  };
}

/** The ARN of a secret of the fake's account. */
export function secretArn(name: string, region: string): string {
  return `acs:kms:${region}:${accountId}:secret/${name}`;
}

/** Accepts a name or an ARN (`acs:kms:REGION:ACCOUNT:secret/NAME`). An ARN of another account or region is foreign. */
function parseSecretName(text: string, region: string): { name: string; foreignArn: string | undefined } {
  if (text === '') throw missingParameter('SecretName');
  const arn = /^acs:kms:([^:]*):([^:]*):secret\/(.+)$/.exec(text);
  const name = arn?.[3] ?? text;
  if (!isSecretName(name)) throw apiError('InvalidParameter', ' SecretName is not a valid secret name.');
  const isForeignArn = arn !== null && (arn[1] !== region || arn[2] !== accountId);
  return { name, foreignArn: isForeignArn ? text : undefined };
}

function checkState(secrets: SecretRepository, name: string): void {
  const state = secrets.stateOf(name);
  if (state === 'denied') throw apiError('Forbidden.NoPermission');
  if (state === 'disabled') throw apiError('Rejected.Disabled');
  if (state === 'pendingDeletion') throw apiError('Rejected.PendingDeletion');
}

/** A version id selects its version regardless of stages. If a stage is given too, both must select the same version. */
function findVersion(secret: StoredSecret, stage: string | undefined, versionId: string | undefined): StoredVersion {
  if (versionId !== undefined && versionId.length > limits.versionIdLength) {
    throw apiError('InvalidParameter', ` VersionId has more than ${limits.versionIdLength} characters.`);
  }
  const version = versionId === undefined ? secret.versionAt(stage ?? 'ACSCurrent') : secret.version(versionId);
  if (version === undefined) throw apiError('Forbidden.ResourceNotFound');
  if (versionId !== undefined && stage !== undefined) {
    const staged = secret.versionAt(stage);
    if (staged === undefined) throw apiError('Forbidden.ResourceNotFound');
    if (staged !== version) {
      throw apiError('InvalidParameter', ' VersionStage and VersionId do not name the same version.');
    }
  }
  return version;
}

/** KMS ignores the version id of a managed secret, and such a secret has only these two stages. */
function findManagedVersion(secret: StoredSecret, stage = 'ACSCurrent'): StoredVersion {
  const version = stage === 'ACSCurrent' || stage === 'ACSPrevious' ? secret.versionAt(stage) : undefined;
  if (version === undefined) throw apiError('Forbidden.ResourceNotFound');
  return version;
}

function managedFields(secret: StoredSecret, includeExtendedConfig: boolean): Partial<SecretValueResult> {
  const { automaticRotation, lastRotation, nextRotation } = secret;
  const isEnabled = typeof automaticRotation === 'object';
  return {
    AutomaticRotation: isEnabled ? 'Enabled' : automaticRotation,
    ...(isEnabled && { RotationInterval: `${automaticRotation.interval}s` }),
    ...(nextRotation !== undefined && { NextRotationDate: formatDate(nextRotation) }),
    ...(lastRotation !== undefined && { LastRotationDate: formatDate(lastRotation) }),
    // KMS embeds JSON as a string in the JSON response.
    ...(includeExtendedConfig && { ExtendedConfig: JSON.stringify(secret.extendedConfig ?? {}) }),
  };
}

/** An empty parameter counts as absent. */
function optionalParameter(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = parameters.get(name);
  return value === '' ? undefined : value;
}

/** Accepts any letter case: the Python SDK sends `True`, the others send `true`. */
function parseFlag(parameters: ReadonlyMap<string, string>, name: string): boolean {
  const text = optionalParameter(parameters, name)?.toLowerCase() ?? 'false';
  if (text !== 'true' && text !== 'false') throw apiError('InvalidParameter', ` ${name} must be true or false.`);
  return text === 'true';
}

/** A dry run reports only the category of the error that the real request would get. */
function dryRunError(error: ApiError): ApiError {
  if (error.status === 400) return apiError('ValidationError');
  return error.status === 403 ? apiError('AccessDeniedError') : error;
}
