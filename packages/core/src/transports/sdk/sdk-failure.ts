import { FetchFailure } from '../../ports/transport.ts';
import { isError } from '../../secret/is-error.ts';
import { firstErrorCode } from '../error-response.ts';
import { fetchFailureFromError, fetchFailureFromResponse } from '../https/classify.ts';
import { errorFromJson } from '../openapi/decode.ts';

/**
 * Converts an error of `doRequest` into a `FetchFailure`.
 *
 * It copies only codes and numbers, no message, stack or other property. The SDK's message for a network error contains the URL
 * with the access key id, the signature and the security token (`httpx`, lib/index.js). That for a parse error quotes the
 * response.
 */
export function fetchFailureFromSdk(error: unknown, endpoint: string): FetchFailure {
  const fields = new Map<string, unknown>(
    isError(error) ? [...Object.entries(error), ['name', error.name], ['message', error.message]] : [],
  );
  const status = statusOf(fields);
  if (status !== undefined) {
    const { code, requestId } = errorFromJson(fields.get('data'));
    return fetchFailureFromResponse({
      endpoint,
      status,
      code: code ?? sdkCodeOf(fields),
      requestId,
      identity: 'accessKey',
    });
  }
  const name = firstErrorCode(fields.get('name')) ?? 'Error';
  if (name === 'SyntaxError') {
    const message = `${endpoint} responded with a body that is not JSON; the SDK does not report the status.`;
    return new FetchFailure('malformed', `${message} Check the endpoint, and whether a proxy responds in its place.`);
  }
  if (name.startsWith('RequestTimeout')) return timeoutFailure(endpoint);
  return fetchFailureFromError(errorWith(name, firstErrorCode(fields.get('code'))), undefined, {
    endpoint,
    proxy: undefined,
  });
}

/** The status of an error response. The SDKs on `@alicloud/rpc-client` report it in their message only. */
function statusOf(fields: ReadonlyMap<string, unknown>): number | undefined {
  const message = fields.get('message');
  const match = typeof message === 'string' ? /^[\w.-]+: code: (?<status>\d{3}), /u.exec(message) : null;
  const status = Number(fields.get('statusCode') ?? match?.groups?.['status']);
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
}

/** Removes the suffix `Error` that the SDK appends, as in `Forbidden.ResourceNotFoundError`. */
function sdkCodeOf(fields: ReadonlyMap<string, unknown>): string | undefined {
  const code = firstErrorCode(fields.get('code'))?.replace(/Error$/u, '');
  // The SDK converts a missing code to a text.
  return code === 'undefined' || code === 'null' || code === '' ? undefined : code;
}

function timeoutFailure(endpoint: string): FetchFailure {
  const message = `The request to ${endpoint} exceeded the connect or read timeout of the SDK (ETIMEDOUT).`;
  return new FetchFailure('unreachable', `${message} Check the endpoint and the network.`, { code: 'ETIMEDOUT' });
}

/** An error with a name and a code, and a stack from here. */
function errorWith(name: string, code: string | undefined): Error {
  const error = new Error(`The SDK failed (${code ?? name}).`);
  error.name = name;
  return Object.assign(error, { code });
}
