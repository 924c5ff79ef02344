import { builtinModule } from '../../platform/builtin-module.ts';
import type { Secret } from '../../secret/secret.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import { FetchFailure } from '../../ports/transport.ts';
import type { ErrorResponse } from '../error-response.ts';
import { firstErrorCode, firstRequestId } from '../error-response.ts';
import { secretFromFields } from '../secret-response.ts';
import type { ResponseContext, ResponseFields } from '../secret-response.ts';

const { isUtf8 } = builtinModule('node:buffer');

/** Decodes the JSON response of GetSecretValue. Throws a `FetchFailure` that quotes no value. */
export function decodeSecret(body: Buffer, request: SecretRequest, context: ResponseContext): Secret {
  return secretFromFields(parseJsonObject(body, context.endpoint.host), request, context);
}

/** Reads the code and request id of a JSON error response. */
export function readJsonError(body: Buffer): ErrorResponse {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's error is dropped because it quotes the body.
    return {};
  }
  return errorFromJson(parsed);
}

/** Same as `readJsonError`, for parsed JSON. */
export function errorFromJson(parsed: unknown): ErrorResponse {
  if (typeof parsed !== 'object' || parsed === null) return {};
  const fields = new Map<string, unknown>(Object.entries(parsed));
  const requestId = firstRequestId(fields.get('RequestId'), fields.get('requestId'));
  // KMS and its gateway always return both. The JSON of a firewall may have only a code, and must not count as a denial by KMS.
  const code = requestId === undefined ? undefined : firstErrorCode(fields.get('Code'), fields.get('code'));
  return { code, requestId };
}

/** Parses the body of a response with status 200. Throws a `FetchFailure` if it is not a JSON object. */
export function parseJsonObject(body: Buffer, endpoint: string): ResponseFields {
  const malformed = (problem: string): FetchFailure =>
    new FetchFailure('malformed', `${endpoint} responded with status 200, but ${problem}. Check the endpoint.`, {
      status: 200,
    });
  // toString() would replace invalid bytes by U+FFFD and so change a password silently.
  if (!isUtf8(body)) throw malformed('the body is not UTF-8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's error is dropped because it quotes the body.
    throw malformed('the body is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw malformed('the body is not a JSON object');
  return parsed as ResponseFields; // only its own fields are read, each of which is checked
}
