import type { SecretRequest } from '../../secret/secret-request.ts';
import { assertWellFormed } from '../well-formed.ts';

/** An action of the KMS OpenAPI with its parameters. */
export interface ActionRequest {
  readonly action: 'GetSecretValue' | 'BatchGetSecretValue';
  readonly parameters: {
    readonly FetchExtendedConfig?: string;
    readonly SecretName?: string;
    readonly SecretsList?: string;
    readonly VersionId?: string | undefined;
    readonly VersionStage?: string | undefined;
  };
}

/** GetSecretValue. Throws a `FetchFailure` for a name that is not well-formed Unicode. */
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
 * BatchGetSecretValue. Its one parameter is a JSON list, and all values in it are strings: according to the documentation of
 * the action and the models that Alibaba Cloud generates its SDKs from (2026).
 */
export function batchGetSecretValueRequest(requests: readonly SecretRequest[]): ActionRequest {
  const list = requests.map((request) => {
    const { SecretName, VersionId, VersionStage, FetchExtendedConfig } = getSecretValueRequest(request).parameters;
    return { SecretName, VersionStage, VersionId, FetchExtendedConfig };
  });
  return { action: 'BatchGetSecretValue', parameters: { SecretsList: JSON.stringify(list) } };
}
