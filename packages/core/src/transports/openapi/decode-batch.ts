import type { Secret } from '../../secret/secret.ts';
import { plainName } from '../../secret/secret-name.ts';
import type { SecretRequest } from '../../ports/transport.ts';
import { FetchFailure } from '../../ports/transport.ts';
import { codeAmong, requestIdAmong } from '../error-response.ts';
import type { IdentityKind } from '../https/advice.ts';
import { failureOfRefusal } from '../https/classify.ts';
import { jsonObject, secretOfJson } from './decode.ts';

interface Answered {
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
  { endpoint, identity }: Answered,
): readonly (Secret | FetchFailure)[] {
  const answer = new Map<string, unknown>(Object.entries(jsonObject(body, endpoint)));
  const values = entriesOf(answer.get('SecretValues'));
  const errors = entriesOf(answer.get('Errors'));
  const requestId = requestIdAmong(answer.get('RequestId'));
  return requests.map((request) => {
    const value = values.find((entry) => isAbout(entry, request));
    if (value !== undefined) return secretOrFailure(value, request, endpoint);
    const error = errors.find((entry) => isAbout(entry, request));
    const { status, code } = refusalIn(error);
    if (status !== undefined && code !== undefined) {
      return failureOfRefusal({ endpoint, status, code, requestId, identity });
    }
    const what = error === undefined ? 'says nothing of one of the secrets' : 'has an error that is not as documented';
    return new FetchFailure('malformed', `The answer of ${endpoint} ${what}.`, { status: 200, requestId });
  });
}

type Entry = Readonly<Record<string, unknown>>;

function entriesOf(list: unknown): readonly Entry[] {
  if (!Array.isArray(list)) return [];
  return list.filter((entry): entry is Entry => typeof entry === 'object' && entry !== null && !Array.isArray(entry));
}

/** An ARN may be answered by itself, or by the name in it. */
function isAbout({ SecretName }: Entry, { name }: SecretRequest): boolean {
  return SecretName === name || SecretName === plainName(name);
}

function secretOrFailure(value: Entry, request: SecretRequest, endpoint: string): Secret | FetchFailure {
  try {
    return secretOfJson(value, request, endpoint);
  } catch (error) {
    if (error instanceof FetchFailure) return error;
    throw error;
  }
}

function refusalIn(error: Entry | undefined): {
  readonly status: number | undefined;
  readonly code: string | undefined;
} {
  const status = error?.['HttpStatus'];
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
  return { status: isStatus ? status : undefined, code: codeAmong(error?.['Code']) };
}
