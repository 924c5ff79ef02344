import { RequestRejectedError } from '../secret/errors.ts';
import { layerOf, resolve } from '../options/resolve.ts';
import { readOptionTable } from '../options/option-table.ts';
import type { ReadOptions } from '../options/options.ts';
import { checkSecretName } from '../secret/secret-name.ts';
import type { SecretRequest } from '../ports/transport.ts';

/** What a caller asked for, as a request to KMS, and the signal that ends the wait for it. Throws `RequestRejectedError`. */
export function readRequest(
  name: string,
  options: ReadOptions | undefined,
  usualStage: string,
): { readonly request: SecretRequest; readonly signal: AbortSignal | undefined } {
  checkSecretName(name);
  if (options === undefined) return { request: requestFor(name, {}, usualStage), signal: undefined };
  const { values, issues } = resolve(readOptionTable, [layerOf(options, 'option')]);
  if (issues.length === 0) return { request: requestFor(name, values, usualStage), signal: values.signal };
  const mistakes = issues.map(
    ({ key, expected, got = 'something else' }) => `${key}: expected ${expected}, got ${got}`,
  );
  throw new RequestRejectedError(`Secret "${name}" was asked for with wrong options. ${mistakes.join('; ')}.`, {
    secretName: name,
  });
}

/** A version is asked for alone: KMS refuses one that the stage asked for is not on. */
export function requestFor(
  name: string,
  { stage, versionId }: Pick<ReadOptions, 'stage' | 'versionId'>,
  usualStage: string,
): SecretRequest {
  return { name, versionId, stage: stage ?? (versionId === undefined ? usualStage : undefined) };
}
