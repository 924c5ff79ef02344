import { isUtf8 } from 'node:buffer';
import type { Secret } from '../../secret/secret.ts';
import type { SecretRequest } from '../../ports/transport.ts';
import { FetchFailure } from '../../ports/transport.ts';
import type { ErrorResponse } from '../error-response.ts';
import { firstErrorCode, firstRequestId } from '../error-response.ts';
import { secretFromFields } from '../secret-response.ts';

/** The JSON that GetSecretValue answers with as a secret; throws a `FetchFailure` that tells what is odd, never what it says. */
export function decodeSecret(body: Buffer, asked: SecretRequest, endpoint: string): Secret {
  return secretFromJson(parseJsonObject(body, endpoint), asked, endpoint);
}

/** As `decodeSecret`, of JSON that somebody has parsed. */
export function secretFromJson(answer: object, asked: SecretRequest, endpoint: string): Secret {
  const fields = new Map<string, unknown>(Object.entries(answer));
  fields.set('VersionStages', stagesInJson(fields.get('VersionStages')));
  return secretFromFields(fields, asked, endpoint);
}

/** Code and request id of an error in JSON. */
export function readJsonError(body: Buffer): ErrorResponse {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own error is dropped on purpose: its message quotes the body.
    return {};
  }
  return errorFromJson(parsed);
}

/** As `readJsonError`, of JSON that somebody has parsed. */
export function errorFromJson(parsed: unknown): ErrorResponse {
  if (typeof parsed !== 'object' || parsed === null) return {};
  const fields = new Map<string, unknown>(Object.entries(parsed));
  const requestId = firstRequestId(fields.get('RequestId'), fields.get('requestId'));
  // KMS and its gateway always give both; a firewall's own JSON has a code alone, and must not pass for a refusal.
  const code = requestId === undefined ? undefined : firstErrorCode(fields.get('Code'), fields.get('code'));
  return { code, requestId };
}

/** The body of an answer with status 200; throws a `FetchFailure` if it is no JSON object. */
export function parseJsonObject(body: Buffer, endpoint: string): object {
  const refuse = (what: string): FetchFailure =>
    new FetchFailure('malformed', `${endpoint} answered with status 200, but ${what}. Check the endpoint.`, {
      status: 200,
    });
  // toString() would put U+FFFD where the bytes are wrong, and a password would be another one without anybody noticing.
  if (!isUtf8(body)) throw refuse('the body is not UTF-8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own error is dropped on purpose: its message quotes the body.
    throw refuse('the body is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw refuse('the body is not a JSON object');
  return parsed;
}

/** `{"VersionStage":["ACSCurrent"]}`; `false` stands for what is neither that nor nothing, and is refused as no list. */
function stagesInJson(stages: unknown): unknown {
  if (stages === undefined || stages === null) return undefined;
  return typeof stages === 'object' && 'VersionStage' in stages ? stages.VersionStage : false;
}
