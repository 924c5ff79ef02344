import type { SecretRequest } from '../../ports/transport.ts';
import { assertWellFormed } from '../well-formed.ts';

/** An action of KMS with its parameters. */
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

/** One secret. Throws a `FetchFailure` for a name that no request can carry. */
export function getSecretValueRequest(request: SecretRequest): ActionRequest {
  assertWellFormed(request);
  const { name, stage, versionId } = request;
  // In byte order of the names, as the signature wants it.
  return {
    action: 'GetSecretValue',
    parameters: { FetchExtendedConfig: 'true', SecretName: name, VersionId: versionId, VersionStage: stage },
  };
}

/**
 * Several: a JSON list in one parameter, all of its values texts, as in the documentation of the action and in the models
 * that Alibaba Cloud's SDKs are generated from (2026).
 */
export function batchGetSecretValueRequest(requests: readonly SecretRequest[]): ActionRequest {
  const list = requests.map((request) => {
    const { SecretName, VersionId, VersionStage, FetchExtendedConfig } = getSecretValueRequest(request).parameters;
    return { SecretName, VersionStage, VersionId, FetchExtendedConfig };
  });
  return { action: 'BatchGetSecretValue', parameters: { SecretsList: JSON.stringify(list) } };
}
