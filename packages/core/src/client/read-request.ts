import { readOptionTable, refreshOptionTable } from '../options/option-table.ts';
import type { ReadOptions, RefreshReadOptions } from '../options/options.ts';
import { describeKind } from '../options/redact.ts';
import { layerOf, resolve } from '../options/resolve.ts';
import type { ResolvedRows } from '../options/resolve.ts';
import type { OptionRows } from '../options/rows.ts';
import { RequestRejectedError } from '../secret/errors.ts';
import { cacheKey } from '../secret/cache-key.ts';
import { checkSecretName } from '../secret/secret-name.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/** The validated arguments of a read. */
export interface CheckedRead {
  readonly request: SecretRequest;
  /** See `cacheKey`. */
  readonly key: string;
  /** Ends the caller's wait when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** The validated arguments of `refresh`. */
export interface CheckedRefresh extends CheckedRead {
  readonly unlessNewerThan: string | undefined;
}

/** Validates the arguments of a read. Throws `RequestRejectedError`. */
export function readRequest(name: string, options: ReadOptions | undefined, defaultStage: string): CheckedRead {
  checkSecretName(name);
  const values = options === undefined ? noOptions : valuesOf(name, options, readOptionTable);
  const request = requestFor(name, values, defaultStage);
  return { request, key: cacheKey(request, defaultStage), signal: values.signal };
}

/** Same as `readRequest`, for `refresh`. */
export function refreshRequest(
  name: string,
  options: RefreshReadOptions | undefined,
  defaultStage: string,
): CheckedRefresh {
  checkSecretName(name);
  const values = options === undefined ? noOptions : valuesOf(name, options, refreshOptionTable);
  const request = requestFor(name, values, defaultStage);
  const { signal, unlessNewerThan } = values;
  return { request, key: cacheKey(request, defaultStage), signal, unlessNewerThan };
}

const noOptions = { stage: undefined, versionId: undefined, signal: undefined, unlessNewerThan: undefined };

function valuesOf<Table extends OptionRows<Table>>(name: string, options: object, table: Table): ResolvedRows<Table> {
  checkOptions(name, options);
  const { values, issues } = resolve(table, [layerOf(options, 'option')]);
  if (issues.length === 0) return values;
  const problems = issues.map(({ key, expected, got = 'another value' }) => `${key}: expected ${expected}, got ${got}`);
  throw invalidOptions(name, problems.join('; '));
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
