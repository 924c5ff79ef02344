import type { Secret } from '../../secret/secret.ts';
import { plainName } from '../../secret/secret-name.ts';
import type { SecretRequest } from '../../ports/transport.ts';
import { FetchFailure } from '../../ports/transport.ts';
import { firstErrorCode, firstRequestId } from '../error-response.ts';
import type { IdentityKind } from '../https/advice.ts';
import { failureFromResponse } from '../https/classify.ts';
import { parseJsonObject, secretFromJson } from './decode.ts';

interface BatchContext {
  readonly endpoint: string;
  readonly identity: IdentityKind;
}

/**
 * The JSON that BatchGetSecretValue answers with, secret by secret: `SecretValues`, each as GetSecretValue answers, and
 * `Errors`, each with `SecretName`, `HttpStatus`, `Code` and `Message`. What it says nothing of, or not in this form, is
 * malformed: then that secret is to be asked for alone.
 */
export function decodeBatch(
  body: Buffer,
  requests: readonly SecretRequest[],
  { endpoint, identity }: BatchContext,
): readonly (Secret | FetchFailure)[] {
  const answer = new Map<string, unknown>(Object.entries(parseJsonObject(body, endpoint)));
  const values = entriesOf(answer.get('SecretValues'));
  const errors = entriesOf(answer.get('Errors'));
  const requestId = firstRequestId(answer.get('RequestId'));
  return requests.map((request) => {
    const value = values.find((entry) => isAbout(entry, request));
    if (value !== undefined) return secretOrFailure(value, request, endpoint);
    const error = errors.find((entry) => isAbout(entry, request));
    const { status, code } = refusalIn(error);
    if (status !== undefined && code !== undefined) {
      return failureFromResponse({ endpoint, status, code, requestId, identity });
    }
    const what = error === undefined ? 'says nothing of one of the secrets' : 'has an error that is not as documented';
    return new FetchFailure('malformed', `The answer of ${endpoint} ${what}.`, { status: 200, requestId });
  });
}

type BatchEntry = Readonly<Record<string, unknown>>;

function entriesOf(list: unknown): readonly BatchEntry[] {
  if (!Array.isArray(list)) return [];
  return list.filter(
    (entry): entry is BatchEntry => typeof entry === 'object' && entry !== null && !Array.isArray(entry),
  );
}

/** An ARN may be answered by itself, or by the name in it. */
function isAbout({ SecretName }: BatchEntry, { name }: SecretRequest): boolean {
  return SecretName === name || SecretName === plainName(name);
}

function secretOrFailure(value: BatchEntry, request: SecretRequest, endpoint: string): Secret | FetchFailure {
  try {
    return secretFromJson(value, request, endpoint);
  } catch (error) {
    if (error instanceof FetchFailure) return error;
    throw error;
  }
}

function refusalIn(error: BatchEntry | undefined): {
  readonly status: number | undefined;
  readonly code: string | undefined;
} {
  const status = error?.['HttpStatus'];
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
  return { status: isStatus ? status : undefined, code: firstErrorCode(error?.['Code']) };
}
