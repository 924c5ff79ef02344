import { namesInBatch } from '../api/batch-get-secret-value.ts';
import { refusal } from '../api/api-error.ts';
import type { Asked, WireRequest } from './protocol.ts';

/** Name and value of everything in a query string or a form body, decoded, repeats included. */
function parsePairs(text: string): readonly (readonly [string, string])[] {
  return text
    .split('&')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const at = piece.indexOf('=');
      return at === -1 ? [decode(piece), ''] : [decode(piece.slice(0, at)), decode(piece.slice(at + 1))];
    });
}

/**
 * Query and form as one flat set, each name once.
 *
 * A name given twice is refused: two readers may take different ones of the two, and then the one that checks the
 * signature and the one that answers do not speak of the same secret.
 */
export function readParameters(request: WireRequest): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of [...parsePairs(request.query), ...formPairs(request)]) {
    if (parameters.has(name)) throw refusal('InvalidParameter', ` ${name} is given more than once.`);
    parameters.set(name, value);
  }
  return parameters;
}

/** The query alone, each name once: what ACS3 signs as parameters, while a form is signed by its hash. */
export function readQuery(request: WireRequest): ReadonlyMap<string, string> {
  return readParameters({ ...request, body: Buffer.alloc(0) });
}

/** What can be made of the parameters without refusing any: for the record of a request, not for its answer. */
export function glanceAtParameters(request: WireRequest): ReadonlyMap<string, string> {
  try {
    return new Map([...parsePairs(request.query), ...formPairs(request)]);
  } catch {
    return new Map();
  }
}

/** The business parameters among them, for the record. */
export function askedFor(
  parameters: ReadonlyMap<string, string>,
): Pick<Asked, 'secretName' | 'secretNames' | 'versionStage' | 'versionId'> {
  return {
    secretName: parameters.get('SecretName'),
    secretNames: namesInBatch(parameters.get('SecretsList')),
    versionStage: parameters.get('VersionStage'),
    versionId: parameters.get('VersionId'),
  };
}

function formPairs(request: WireRequest): readonly (readonly [string, string])[] {
  const type = request.headers['content-type'] ?? '';
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type) ? parsePairs(request.body.toString('utf8')) : [];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw refusal('InvalidParameter', ' The query or the form is not percent-encoded UTF-8.');
  }
}
