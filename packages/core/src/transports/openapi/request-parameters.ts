import type { SecretRequest } from '../../secret/secret-request.ts';
import { assertWellFormed } from '../well-formed.ts';

/** An action of the KMS OpenAPI with its parameters. */
export interface ActionRequest {
  readonly action: 'GetSecretValue' | 'BatchGetSecretValue' | 'ListSecrets';
  readonly parameters: {
    readonly FetchExtendedConfig?: string;
    readonly PageNumber?: string;
    readonly PageSize?: string;
    readonly SecretName?: string;
    readonly SecretsList?: string;
    readonly VersionId?: string | undefined;
    readonly VersionStage?: string | undefined;
  };
}

/** Returns a GetSecretValue request. Throws a `FetchFailure` if the name, stage or version id is not well-formed Unicode. */
export function getSecretValueRequest(request: SecretRequest): ActionRequest {
  assertWellFormed(request);
  const { name, stage, versionId } = request;
  // In byte order of the names: the signature requires it.
  return {
    action: 'GetSecretValue',
    parameters: { FetchExtendedConfig: 'true', SecretName: name, VersionId: versionId, VersionStage: stage },
  };
}

/**
 * Returns a BatchGetSecretValue request. Its only parameter is a JSON list, and all values in it are strings. Source: the
 * documentation of the action, and the models that Alibaba Cloud generates its SDKs from (2026).
 */
export function batchGetSecretValueRequest(requests: readonly SecretRequest[]): ActionRequest {
  const list = requests.map((request) => {
    const { SecretName, VersionId, VersionStage, FetchExtendedConfig } = getSecretValueRequest(request).parameters;
    return { SecretName, VersionStage, VersionId, FetchExtendedConfig };
  });
  return { action: 'BatchGetSecretValue', parameters: { SecretsList: JSON.stringify(list) } };
}
