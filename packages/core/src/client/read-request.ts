import { readOptionTable } from '../options/option-table.ts';
import type { ReadOptions } from '../options/options.ts';
import { describeKind } from '../options/redact.ts';
import { layerOf, resolve } from '../options/resolve.ts';
import { RequestRejectedError } from '../secret/errors.ts';
import { checkSecretName } from '../secret/secret-name.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/** The validated arguments of a read. */
export interface CheckedRead {
  readonly request: SecretRequest;
  /** Ends the caller's wait when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** Validates the arguments of a read. Throws `RequestRejectedError`. */
export function readRequest(name: string, options: ReadOptions | undefined, defaultStage: string): CheckedRead {
  checkSecretName(name);
  if (options === undefined) return { request: requestFor(name, {}, defaultStage), signal: undefined };
  checkOptions(name, options);
  const { values, issues } = resolve(readOptionTable, [layerOf(options, 'option')]);
  if (issues.length === 0) return { request: requestFor(name, values, defaultStage), signal: values.signal };
  const problems = issues.map(({ key, expected, got = 'another value' }) => `${key}: expected ${expected}, got ${got}`);
  throw invalidOptions(name, problems.join('; '));
}

/** Calls `read`. Not async, because that would create three more promises. */
export function rejectInsteadOfThrow<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return read();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A version is requested without a stage: KMS rejects a request for a version that does not have the given stage. */
export function requestFor(
  name: string,
  { stage, versionId }: Pick<ReadOptions, 'stage' | 'versionId'>,
  defaultStage: string,
): SecretRequest {
  return { name, versionId, stage: stage ?? (versionId === undefined ? defaultStage : undefined) };
}

/** Throws `RequestRejectedError` if the options of a secret are not an object. Checks none of them. */
export function checkOptions(secretName: string, options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw invalidOptions(secretName, `expected an object, got ${describeKind(options)}`);
}

function invalidOptions(secretName: string, problem: string): RequestRejectedError {
  return new RequestRejectedError(`Invalid options for secret "${secretName}": ${problem}.`, { secretName });
}
