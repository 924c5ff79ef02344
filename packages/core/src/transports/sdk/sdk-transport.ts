import { onAbort } from '../../time/abort.ts';
import type { Secret } from '../../secret/secret.ts';
import type { SecretRequest, SecretTransport } from '../../ports/transport.ts';
import { FetchFailure } from '../../ports/transport.ts';
import { secretFromJson } from '../openapi/decode.ts';
import { assertWellFormed } from '../well-formed.ts';

/** How the SDKs are told what is asked; `runtime` is the last, with the timeouts in it. */
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

export interface RpcRuntime {
  autoretry?: boolean;
  ignoreSSL?: boolean;
  connectTimeout?: number;
  readTimeout?: number;
}

/** A client of `@alicloud/kms20160120` 1.x, or any other on `@alicloud/rpc-client`: its `doRequest` is all that is used. */
export interface RpcClient {
  doRequest(...request: RpcRequest): Promise<unknown>;
}

export interface SdkTransportOptions {
  /** What messages call the endpoint; the host that the client was made with by default. */
  readonly endpoint?: string | undefined;
  /** Milliseconds; the client's own (3 s, if it has none) by default. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds; the client's own (3 s, if it has none) by default. */
  readonly readTimeout?: number | undefined;
}

/**
 * Asks KMS by an SDK client that the user has already.
 *
 * What that SDK cannot do, this cannot do either: a request is not cancelled. When the signal fires we leave, and the request
 * ends by its own timeouts. Nor is there a limit for the size of a reply, a CA of one's own or a proxy.
 */
export function sdkTransport(client: RpcClient, options: SdkTransportOptions = {}): SecretTransport {
  const endpoint = options.endpoint ?? endpointOf(client);
  const runtime = runtimeOf(options);
  const closing = new AbortController();
  const closed = (): FetchFailure =>
    new FetchFailure('rejected', `${endpoint} was not asked: its transport is closed.`);

  async function ask(request: SecretRequest): Promise<Secret> {
    let answer: unknown;
    try {
      answer = await client.doRequest(
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
      const { failureFromSdk: failureOfSdk } = await import('./sdk-failure.ts');
      throw failureOfSdk(error, endpoint);
    }
    if (typeof answer === 'object' && answer !== null) return secretFromJson(answer, request, endpoint);
    throw new FetchFailure('malformed', `The SDK client gave no object as the answer of ${endpoint}.`);
  }

  return {
    endpoint,
    async fetch(request, signal) {
      signal.throwIfAborted();
      if (closing.signal.aborted) throw closed();
      assertWellFormed(request);
      return leaveOn([signal, closing.signal], ask(request));
    },
    close() {
      if (!closing.signal.aborted) closing.abort(closed());
    },
  };
}

/** The work's outcome, or the reason of the first signal that fires; nobody listens to the work after that. */
function leaveOn<Value>(signals: readonly AbortSignal[], work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const forget = signals.map((signal) => onAbort(signal, () => reject(signal.reason as Error))); // the caller's own
    work.then(resolve, reject).finally(() => {
      for (const callOff of forget) callOff();
    });
  });
}

function queryOf({ name, stage, versionId }: SecretRequest): Record<string, string> {
  return {
    SecretName: name,
    ...(stage === undefined ? {} : { VersionStage: stage }),
    ...(versionId === undefined ? {} : { VersionId: versionId }),
    FetchExtendedConfig: 'true',
  };
}

/** Retrying is decided by the client of secrets alone; certificates are checked, whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
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
  return typeof host === 'string' && host !== '' ? host : 'KMS (by an SDK client)';
}
