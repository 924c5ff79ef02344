import type { Rights } from '../auth/access-keys.ts';
import { missing, Refusal, refusal } from './api-error.ts';
import { formatDate } from '../settable-clock.ts';
import { isSecretName, limits } from '../secrets/limits.ts';
import type { StoredSecret, StoredVersion } from '../secrets/stored-secret.ts';
import type { Vault } from '../secrets/secret-repository.ts';

/** The account all secrets of the fake belong to. */
export const accountId = '1234567890123456';

/** What GetSecretValue answers, but for the request id. Left out is what KMS leaves out. */
export interface SecretValueAnswer {
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
  /** What the key that signed may read. */
  readonly rights: Rights;
}

/** The action GetSecretValue; throws the refusal. */
export function getSecretValue(vault: Vault, request: GetSecretValueRequest): SecretValueAnswer {
  const isDryRun = readFlag(request.parameters, 'DryRun');
  if (!isDryRun) return answer(vault, request);
  try {
    answer(vault, request);
  } catch (error) {
    throw error instanceof Refusal ? dryRefusal(error) : error;
  }
  throw refusal('DryRunOperationError');
}

function answer(vault: Vault, { parameters, region, rights }: GetSecretValueRequest): SecretValueAnswer {
  const name = readName(parameters.get('SecretName') ?? '', region);
  const isConfigWanted = readFlag(parameters, 'FetchExtendedConfig');
  const stage = given(parameters, 'VersionStage');
  const versionId = given(parameters, 'VersionId');

  if (!rights(name, region)) throw refusal('Forbidden.NoPermission');
  refuseByState(vault, name);
  const secret = vault.find(name);
  if (secret === undefined) throw refusal('Forbidden.ResourceNotFound');
  const version = secret.type === 'Generic' ? chooseVersion(secret, stage, versionId) : chooseManaged(secret, stage);
  return {
    SecretName: secret.name,
    SecretType: secret.type,
    SecretData: version.value,
    SecretDataType: version.dataType,
    VersionStages: { VersionStage: secret.stagesOf(version.versionId) },
    VersionId: version.versionId,
    CreateTime: formatDate(secret.createdAt),
    ...(secret.type === 'Generic' ? {} : managedFields(secret, isConfigWanted)),
  };
}

/** A name, or an ARN of this account and region (`acs:kms:REGION:ACCOUNT:secret/NAME`). */
function readName(text: string, region: string): string {
  if (text === '') throw missing('SecretName');
  const arn = /^acs:kms:([^:]*):([^:]*):secret\/(.+)$/.exec(text);
  const name = arn?.[3] ?? text;
  if (!isSecretName(name)) throw refusal('InvalidParameter', ' SecretName is not the name of a secret.');
  const isElsewhere = arn !== null && (arn[1] !== region || arn[2] !== accountId);
  if (isElsewhere) throw refusal('Forbidden.ResourceNotFound');
  return name;
}

function refuseByState(vault: Vault, name: string): void {
  const state = vault.stateOf(name);
  if (state === 'denied') throw refusal('Forbidden.NoPermission');
  if (state === 'disabled') throw refusal('Rejected.Disabled');
  if (state === 'pendingDeletion') throw refusal('Rejected.PendingDeletion');
}

/** An id alone names its version, whatever labels that carries; with a label too, both must name the same. */
function chooseVersion(secret: StoredSecret, stage: string | undefined, versionId: string | undefined): StoredVersion {
  if (versionId !== undefined && versionId.length > limits.versionIdLength) {
    throw refusal('InvalidParameter', ` VersionId has more than ${limits.versionIdLength} characters.`);
  }
  const version = versionId === undefined ? secret.behind(stage ?? 'ACSCurrent') : secret.version(versionId);
  if (version === undefined) throw refusal('Forbidden.ResourceNotFound');
  if (versionId !== undefined && stage !== undefined) {
    const staged = secret.behind(stage);
    if (staged === undefined) throw refusal('Forbidden.ResourceNotFound');
    if (staged !== version)
      throw refusal('InvalidParameter', ' VersionStage and VersionId do not name the same version.');
  }
  return version;
}

/** KMS ignores the version id of a managed secret, and gives it no labels but these two. */
function chooseManaged(secret: StoredSecret, stage = 'ACSCurrent'): StoredVersion {
  const version = stage === 'ACSCurrent' || stage === 'ACSPrevious' ? secret.behind(stage) : undefined;
  if (version === undefined) throw refusal('Forbidden.ResourceNotFound');
  return version;
}

function managedFields(secret: StoredSecret, isConfigWanted: boolean): Partial<SecretValueAnswer> {
  const { automaticRotation: plan, lastRotation, nextRotation } = secret;
  return {
    AutomaticRotation: typeof plan === 'object' ? 'Enabled' : plan,
    ...(typeof plan === 'object' && { RotationInterval: `${plan.interval}s` }),
    ...(nextRotation !== undefined && { NextRotationDate: formatDate(nextRotation) }),
    ...(lastRotation !== undefined && { LastRotationDate: formatDate(lastRotation) }),
    // A JSON text inside the JSON answer, as KMS has it.
    ...(isConfigWanted && { ExtendedConfig: JSON.stringify(secret.extendedConfig ?? {}) }),
  };
}

/** Empty counts as not given. */
function given(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = parameters.get(name);
  return value === '' ? undefined : value;
}

/** Python's SDK writes `True`, the others `true`. */
function readFlag(parameters: ReadonlyMap<string, string>, name: string): boolean {
  const text = given(parameters, name)?.toLowerCase() ?? 'false';
  if (text !== 'true' && text !== 'false') throw refusal('InvalidParameter', ` ${name} must be true or false.`);
  return text === 'true';
}

/** A dry run says only of what kind the failure would have been. */
function dryRefusal(real: Refusal): Refusal {
  if (real.status === 400) return refusal('ValidationError');
  return real.status === 403 ? refusal('AccessDeniedError') : real;
}
