import { FetchFailure } from '../../ports/transport.ts';
import { firstErrorCode } from '../error-response.ts';
import { failureFromError, failureFromResponse } from '../https/classify.ts';
import { errorFromJson } from '../openapi/decode.ts';

/**
 * What `doRequest` threw as a failure of ours.
 *
 * Nothing of its message, its stack or its fields is taken over but codes and numbers: for a network error the SDK writes the whole
 * URL into the message, with the access key id, the signature and the security token in it (`httpx`, lib/index.js), and a
 * parser's error quotes the reply.
 */
export function failureFromSdk(error: unknown, endpoint: string): FetchFailure {
  const fields = new Map<string, unknown>(
    error instanceof Error ? [...Object.entries(error), ['name', error.name], ['message', error.message]] : [],
  );
  const status = statusOf(fields);
  if (status !== undefined) {
    const { code, requestId } = errorFromJson(fields.get('data'));
    return failureFromResponse({
      endpoint,
      status,
      code: code ?? codeOfSdk(fields),
      requestId,
      identity: 'credentials',
    });
  }
  const name = firstErrorCode(fields.get('name')) ?? 'Error';
  if (name === 'SyntaxError') {
    const message = `${endpoint} answered with something else than JSON, and the SDK does not tell with which status.`;
    return new FetchFailure('malformed', `${message} Check the endpoint, and for a proxy that answers in its place.`);
  }
  if (name.startsWith('RequestTimeout')) return timeout(endpoint);
  return failureFromError(bare(name, firstErrorCode(fields.get('code'))), undefined, { endpoint, proxy: undefined });
}

/** Of an answer that was no; the SDKs on `@alicloud/rpc-client` tell the status in their message alone. */
function statusOf(fields: ReadonlyMap<string, unknown>): number | undefined {
  const message = fields.get('message');
  const told = typeof message === 'string' ? /^[\w.-]+: code: (?<status>\d{3}), /u.exec(message) : null;
  const status = Number(fields.get('statusCode') ?? told?.groups?.['status']);
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
}

/** Without the word that the SDK adds: `Forbidden.ResourceNotFoundError`. */
function codeOfSdk(fields: ReadonlyMap<string, unknown>): string | undefined {
  const code = firstErrorCode(fields.get('code'))?.replace(/Error$/u, '');
  // What it makes of a body in which there is no code.
  return code === 'undefined' || code === 'null' || code === '' ? undefined : code;
}

function timeout(endpoint: string): FetchFailure {
  const message = `${endpoint} could not be asked: the SDK's time for connecting or for an answer was over (ETIMEDOUT).`;
  return new FetchFailure('unreachable', `${message} Check the endpoint and the network.`, { code: 'ETIMEDOUT' });
}

/** Kind and code, and the stack of this place. */
function bare(name: string, code: string | undefined): Error {
  const error = new Error(`The SDK failed (${code ?? name}).`);
  error.name = name;
  return Object.assign(error, { code });
}
