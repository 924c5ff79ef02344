import { maybeSameSecret } from './secret-name.ts';
import type { SecretRequest } from './secret-request.ts';

/**
 * The key under which a secret is cached. For the client's default stage it is the name itself, so that the common read builds
 * no string. Names contain no control characters (`checkSecretName`), so two requests never share a key.
 */
export function cacheKey(request: SecretRequest, defaultStage: string): string {
  const { name, stage, versionId } = request;
  if (versionId === undefined && stage === defaultStage) return name;
  return `${name}\u0000${stage ?? ''}\u0000${versionId ?? ''}`;
}

/** The request that `key` was built from. */
export function requestOfKey(key: string, defaultStage: string): SecretRequest {
  const [name = key, stage, versionId] = key.split('\u0000');
  if (stage === undefined) return { name, versionId: undefined, stage: defaultStage };
  return { name, versionId: versionId === '' ? undefined : versionId, stage: stage === '' ? undefined : stage };
}

/** The name or ARN that `key` was built from. */
export function nameOfKey(key: string): string {
  const end = key.indexOf('\u0000');
  return end === -1 ? key : key.slice(0, end);
}

/** Whether `key` belongs to the secret `name`, in any stage or version. A name and an ARN are two secrets. */
export function isKeyOf(key: string, name: string): boolean {
  return nameOfKey(key) === name;
}

/** Whether `key` may belong to the secret `name`, in any stage or version, also under its ARN or its plain name. */
export function maybeKeyOf(key: string, name: string): boolean {
  return maybeSameSecret(nameOfKey(key), name);
}
