import { raceAbort } from '../../time/deadline.ts';
import type { Secret } from '../../secret/secret.ts';
import type { SecretTransport } from '../../ports/transport.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import { FetchFailure } from '../../ports/transport.ts';
import { secretFromFields } from '../secret-response.ts';
import type { ResponseFields } from '../secret-response.ts';
import { assertWellFormed } from '../well-formed.ts';
import { loadModule } from '../../secret/module-error.ts';

/** The parameters of the SDK's `doRequest`. */
export type RpcRequest = [
  action: string,
  protocol: string,
  method: string,
  version: string,
  authType: string,
  query: { [name: string]: string },
  body: { [name: string]: string },
  runtime: RpcRuntime,
];

/** The runtime options of the SDK's `doRequest`. */
export interface RpcRuntime {
  autoretry?: boolean;
  ignoreSSL?: boolean;
  /** Milliseconds. */
  connectTimeout?: number;
  /** Milliseconds. */
  readTimeout?: number;
}

/** A client of `@alicloud/kms20160120` 1.x, or of another SDK that is based on `@alicloud/rpc-client`. Only `doRequest` is used. */
export interface RpcClient {
  doRequest(...request: RpcRequest): Promise<unknown>;
}

/** Options of `sdkTransport`. */
export interface SdkTransportOptions {
  /** The name of the endpoint in messages. Default: the host that the SDK client was created with. */
  readonly endpoint?: string | undefined;
  /** Milliseconds. Default: the SDK client's own, which is 3 s unless it is configured. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds. Default: the SDK client's own, which is 3 s unless it is configured. */
  readonly readTimeout?: number | undefined;
}

/**
 * Creates a transport that fetches secrets with your own SDK client.
 *
 * It has the limits of the SDK. Requests are not cancelled: when the signal aborts, the fetch rejects, but the request
 * continues until its own timeout. The size of responses is not limited. A CA file and a proxy cannot be configured.
 * The SDK puts the access key id, the signature and the security token into the URL, which traces and logs may record.
 */
export function sdkTransport(client: RpcClient, options: SdkTransportOptions = {}): SecretTransport {
  const endpoint = options.endpoint ?? endpointOf(client);
  const runtime = runtimeOf(options);
  const closing = new AbortController();
  const closedFailure = (): FetchFailure =>
    new FetchFailure('rejected', `No request was sent to ${endpoint}: its transport is closed.`);

  async function send(request: SecretRequest): Promise<Secret> {
    let response: unknown;
    try {
      response = await client.doRequest(
        'GetSecretValue',
        'HTTPS',
        'POST',
        '2016-01-20',
        'AK',
        queryOf(request),
        {},
        runtime,
      );
    } catch (error) {
      const { fetchFailureFromSdk } = await loadModule(() => import('../loaded-by-first-fetch.ts'));
      throw fetchFailureFromSdk(error, endpoint);
    }
    if (isFields(response)) return secretFromFields(response, request, { endpoint: { host: endpoint } });
    throw new FetchFailure('malformed', `The SDK client returned no object as the response of ${endpoint}.`);
  }

  return {
    endpoint,
    async fetch(request, signal) {
      signal.throwIfAborted();
      if (closing.signal.aborted) throw closedFailure();
      assertWellFormed(request);
      return raceAbort(raceAbort(send(request), signal), closing.signal);
    },
    close() {
      if (!closing.signal.aborted) closing.abort(closedFailure());
    },
  };
}

function isFields(response: unknown): response is ResponseFields {
  return typeof response === 'object' && response !== null;
}

function queryOf({ name, stage, versionId }: SecretRequest): Record<string, string> {
  return {
    SecretName: name,
    ...(stage === undefined ? {} : { VersionStage: stage }),
    ...(versionId === undefined ? {} : { VersionId: versionId }),
    FetchExtendedConfig: 'true',
  };
}

/** Disables the retries of the SDK: the secret client has its own. Certificates are verified even with NODE_TLS_REJECT_UNAUTHORIZED=0. */
function runtimeOf({ connectTimeout, readTimeout }: SdkTransportOptions): RpcRuntime {
  return {
    autoretry: false,
    ignoreSSL: false,
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    ...(readTimeout === undefined ? {} : { readTimeout }),
  };
}

function endpointOf(client: RpcClient): string {
  const host: unknown = Reflect.get(client, '_endpoint');
  return typeof host === 'string' && host !== '' ? host : 'KMS (SDK client)';
}
