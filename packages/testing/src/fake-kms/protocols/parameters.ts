import { apiError } from '../api/api-error.ts';
import { batchSecretNames } from '../api/batch-get-secret-value.ts';
import type { RequestClaims, WireRequest } from './protocol.ts';

type Pair = readonly [name: string, value: string];

/**
 * Merges query and form parameters.
 *
 * Rejects duplicate names: if the signature check and the action read different values of one name, a signed request
 * for one secret could return another.
 */
export function parseParameters(request: WireRequest): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of [...parsePairs(request.query), ...formPairs(request)]) {
    if (parameters.has(name)) throw apiError('InvalidParameter', ` ${name} is given more than once.`);
    parameters.set(name, value);
  }
  return parameters;
}

/** The query parameters only. ACS3 signs them as parameters, and a form by its hash. */
export function parseQuery(request: WireRequest): ReadonlyMap<string, string> {
  return parseParameters({ ...request, body: Buffer.alloc(0) });
}

/** Like `parseParameters`, but never throws: for the request log and the error format. */
export function peekParameters(request: WireRequest): ReadonlyMap<string, string> {
  try {
    return new Map([...parsePairs(request.query), ...formPairs(request)]);
  } catch {
    return new Map();
  }
}

/** The parameters that the request log records. */
export function claimsIn(
  parameters: ReadonlyMap<string, string>,
): Pick<RequestClaims, 'secretName' | 'secretNames' | 'versionStage' | 'versionId'> {
  return {
    secretName: parameters.get('SecretName'),
    secretNames: batchSecretNames(parameters.get('SecretsList')),
    versionStage: parameters.get('VersionStage'),
    versionId: parameters.get('VersionId'),
  };
}

function formPairs(request: WireRequest): readonly Pair[] {
  const type = request.headers['content-type'] ?? '';
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type) ? parsePairs(request.body.toString('utf8')) : [];
}

function parsePairs(text: string): readonly Pair[] {
  return text
    .split('&')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const separator = piece.indexOf('=');
      return separator === -1
        ? [decode(piece), '']
        : [decode(piece.slice(0, separator)), decode(piece.slice(separator + 1))];
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw apiError('InvalidParameter', ' The query or the form is not percent-encoded UTF-8.');
  }
}
