import type { Secret } from '../../secret/secret.ts';
import { plainName } from '../../secret/secret-name.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import { FetchFailure } from '../../ports/transport.ts';
import { firstErrorCode, firstRequestId } from '../error-response.ts';
import type { IdentityKind } from '../https/advice.ts';
import { fetchFailureFromResponse } from '../https/classify.ts';
import { secretFromFields } from '../secret-response.ts';
import type { ResponseContext, ResponseFields } from '../secret-response.ts';
import { parseJsonObject } from './decode.ts';

interface BatchContext extends ResponseContext {
  readonly identity: IdentityKind;
}

/**
 * Decodes the JSON response of BatchGetSecretValue into one result per request. `SecretValues` are like responses of
 * GetSecretValue; `Errors` have `SecretName`, `HttpStatus`, `Code` and `Message`. A secret that is missing or has another form
 * is `malformed`; the caller then fetches it with GetSecretValue.
 */
export function decodeBatch(
  body: Buffer,
  requests: readonly SecretRequest[],
  context: BatchContext,
): readonly (Secret | FetchFailure)[] {
  const { identity } = context;
  const endpoint = context.endpoint.host;
  const response = parseJsonObject(body, endpoint);
  const values = batchEntries(response['SecretValues']);
  const errors = batchEntries(response['Errors']);
  const requestId = firstRequestId(response['RequestId']);
  return requests.map((request) => {
    const value = values.find((entry) => isAbout(entry, request));
    if (value !== undefined) return secretOrFailure(value, request, context);
    const error = errors.find((entry) => isAbout(entry, request));
    const { status, code } = errorFields(error);
    if (status !== undefined && code !== undefined) {
      return fetchFailureFromResponse({ endpoint, status, code, requestId, identity });
    }
    const problem =
      error === undefined ? 'a requested secret is missing' : 'the error of a secret has no status or code';
    return new FetchFailure('malformed', `The response of ${endpoint} is invalid: ${problem}.`, {
      status: 200,
      requestId,
    });
  });
}

function batchEntries(list: unknown): readonly ResponseFields[] {
  if (!Array.isArray(list)) return [];
  return list.filter(
    (entry): entry is ResponseFields => typeof entry === 'object' && entry !== null && !Array.isArray(entry),
  );
}

/** For an ARN, the response contains the ARN or the name in it. */
function isAbout({ SecretName }: ResponseFields, { name }: SecretRequest): boolean {
  return SecretName === name || SecretName === plainName(name);
}

function secretOrFailure(
  value: ResponseFields,
  request: SecretRequest,
  context: ResponseContext,
): Secret | FetchFailure {
  try {
    return secretFromFields(value, request, context);
  } catch (error) {
    if (error instanceof FetchFailure) return error;
    throw error;
  }
}

function errorFields(error: ResponseFields | undefined): {
  readonly status: number | undefined;
  readonly code: string | undefined;
} {
  const status = error?.['HttpStatus'];
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
  return { status: isStatus ? status : undefined, code: firstErrorCode(error?.['Code']) };
}
