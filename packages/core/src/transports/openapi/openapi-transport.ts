import type { KeyObject } from 'node:crypto';
import type {
  ClientKey,
  ClientKeyProvider,
  Credentials,
  CredentialsProvider,
  HoldingProvider,
} from '../../ports/credentials.ts';
import { builtinModule } from '../../platform/builtin-module.ts';
import type { Secret } from '../../secret/secret.ts';
import type { SecretTransport } from '../../ports/transport.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import type { FetchFailure } from '../../ports/transport.ts';
import type { IdentityKind } from '../https/advice.ts';
import type { HttpsOptions, SendCall, WireRequest } from '../https/channel.ts';
import { HttpsChannel } from '../https/channel.ts';
import type { Dialect } from '../https/classify.ts';
import type { RequestHeaders } from '../../network/send-request.ts';
import type { CancelSignal } from '../../time/abort.ts';
import { decodeBatch } from './decode-batch.ts';
import { decodeSecret, readJsonError } from './decode.ts';
import type { ActionRequest } from './request-parameters.ts';
import { getSecretValueRequest, batchGetSecretValueRequest } from './request-parameters.ts';
import { clientKeyQuery, rpcStringToSign, withSignature } from './sign-rpc.ts';
import { authorization, canonicalQuery, emptyBodyHash, signatureDate, signatureNonce, signedNames } from './sign.ts';

const { createSecretKey } = builtinModule('node:crypto');

/** What signs the requests: an access key or a client key. */
export type OpenApiIdentity = Pick<Dialect, 'describeIdentity'> &
  (
    | { readonly credentials: HoldingProvider; readonly clientKey?: undefined }
    | { readonly clientKey: ClientKeyProvider; readonly credentials?: undefined }
  );

export interface OpenApiOptions extends HttpsOptions {
  /** Returns a unique string. Default: a random one. */
  readonly nonce?: (() => string) | undefined;
  readonly userAgent?: string | undefined;
}

export type OpenApiTransportOptions = OpenApiOptions & OpenApiIdentity;

export interface ActionCall<Result> extends Pick<SendCall<Result>, 'signal' | 'decode'> {
  readonly action: () => ActionRequest;
}

/** What signed the last request of a fetch. */
interface SignerRecord {
  accessKeyId: string | undefined;
  clientKey: ClientKey | undefined;
}

/**
 * GetSecretValue and BatchGetSecretValue of the KMS OpenAPI, version 2016-01-20, at one endpoint: a public, VPC or instance
 * host. An instance does not support BatchGetSecretValue.
 *
 * An access key signs with signature version 3; a client key with version 1, the only one that KMS accepts from it. Each
 * request has its own nonce, date and signature.
 */
export class OpenApiTransport implements SecretTransport {
  readonly #options: OpenApiTransportOptions;
  readonly #identity: IdentityKind;
  readonly #channel: HttpsChannel;
  #key: { readonly secret: string; readonly key: KeyObject } | undefined;

  constructor(options: OpenApiTransportOptions) {
    this.#options = options;
    this.#identity = options.clientKey === undefined ? 'accessKey' : 'clientKey';
    this.#channel = new HttpsChannel(options, {
      identity: this.#identity,
      describeIdentity: options.describeIdentity,
      readError: readJsonError,
    });
  }

  get endpoint(): string {
    return this.#channel.endpoint;
  }

  fetch(request: SecretRequest, signal: CancelSignal): Promise<Secret> {
    const decode = (body: Buffer): Secret => decodeSecret(body, request, this.#options);
    return this.call({ signal, action: () => getSecretValueRequest(request), decode });
  }

  /** The documentation does not say whether KMS accepts this action from a client key. */
  fetchMany(requests: readonly SecretRequest[], signal: AbortSignal): Promise<readonly (Secret | FetchFailure)[]> {
    const decode = (body: Buffer): readonly (Secret | FetchFailure)[] =>
      decodeBatch(body, requests, { ...this.#options, identity: this.#identity });
    return this.call({ signal, action: () => batchGetSecretValueRequest(requests), decode });
  }

  /** Sends one request of any action. Rejects with a `FetchFailure`. */
  call<Result>({ signal, action, decode }: ActionCall<Result>): Promise<Result> {
    const { credentials, clientKey } = this.#options;
    const signer: SignerRecord = { accessKeyId: undefined, clientKey: undefined };
    return this.#channel.send({
      signal,
      decode,
      build: () => this.#sign(action(), signer),
      discard() {
        if (signer.clientKey !== undefined) return clientKey?.discard?.(signer.clientKey);
        return signer.accessKeyId === undefined ? false : credentials?.discard?.(signer.accessKeyId);
      },
    });
  }

  close(): void {
    this.#channel.close();
  }

  #sign(request: ActionRequest, signer: SignerRecord): WireRequest | Promise<WireRequest> {
    const { credentials, clientKey } = this.#options;
    if (clientKey !== undefined) {
      signer.clientKey = clientKey.getClientKey();
      return this.#signWithClientKey(request, signer.clientKey);
    }
    const held = credentials.held?.();
    if (held !== undefined) return this.#signWithAccessKey(request, held, signer);
    return this.#fetchCredentials(credentials).then((fetched) => this.#signWithAccessKey(request, fetched, signer));
  }

  #signWithAccessKey(
    { action, parameters }: ActionRequest,
    { accessKeyId, accessKeySecret, securityToken }: Credentials,
    signer: SignerRecord,
  ): WireRequest {
    signer.accessKeyId = accessKeyId;
    const { endpoint, clock, nonce = signatureNonce, userAgent = defaultUserAgent } = this.#options;
    const query = canonicalQuery(parameters);
    // In wire order. Literals, because an object that grows is copied several times.
    const headers: RequestHeaders = securityToken
      ? {
          accept: 'application/json',
          'accept-encoding': 'identity',
          'content-length': '0',
          'user-agent': userAgent,
          authorization: '',
          host: endpoint.host,
          'x-acs-accesskey-id': accessKeyId,
          'x-acs-action': action,
          'x-acs-content-sha256': emptyBodyHash,
          'x-acs-date': signatureDate(clock.date()),
          'x-acs-security-token': securityToken,
          'x-acs-signature-nonce': nonce(),
          'x-acs-version': '2016-01-20',
        }
      : {
          accept: 'application/json',
          'accept-encoding': 'identity',
          'content-length': '0',
          'user-agent': userAgent,
          authorization: '',
          host: endpoint.host,
          'x-acs-action': action,
          'x-acs-content-sha256': emptyBodyHash,
          'x-acs-date': signatureDate(clock.date()),
          'x-acs-signature-nonce': nonce(),
          'x-acs-version': '2016-01-20',
        };
    const signed = securityToken ? signedWithToken : signedWithoutToken;
    headers['authorization'] = authorization(
      { method: 'POST', path: '/', query, headers, signed, bodyHash: emptyBodyHash },
      { accessKeyId, accessKeySecret: this.#keyOf(accessKeySecret) },
    );
    return { path: `/?${query}`, headers };
  }

  async #signWithClientKey(request: ActionRequest, clientKey: ClientKey): Promise<WireRequest> {
    const { endpoint, clock, nonce = signatureNonce } = this.#options;
    const query = clientKeyQuery(request, {
      keyId: clientKey.keyId,
      date: signatureDate(clock.date()),
      nonce: nonce(),
    });
    let signature: string;
    try {
      signature = await clientKey.sign(rpcStringToSign('POST', query));
    } catch (error) {
      throw this.#channel.toFailure({ kind: 'signingFailed', error });
    }
    // In the body, where KMS reads them as well: the URLs of requests end up in traces and logs, the signature must not.
    const body = Buffer.from(withSignature(query, signature));
    const headers = this.#unsignedHeaders(body.length);
    headers['content-type'] = 'application/x-www-form-urlencoded';
    headers['host'] = endpoint.host;
    return { path: '/', headers, body };
  }

  #unsignedHeaders(contentLength: number): RequestHeaders {
    const { userAgent = defaultUserAgent } = this.#options;
    return {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-length': String(contentLength),
      'user-agent': userAgent,
    };
  }

  /** The access key secret as a key, which is created again only when the secret changes. */
  #keyOf(secret: string): KeyObject {
    if (this.#key?.secret !== secret) this.#key = { secret, key: createSecretKey(secret, 'utf8') };
    return this.#key.key;
  }

  async #fetchCredentials(provider: CredentialsProvider): Promise<Credentials> {
    let provided: { readonly [Field in keyof Credentials]?: string | undefined };
    try {
      // Read here: a provider may return an object with getters, which throw.
      const { accessKeyId, accessKeySecret, securityToken } = await provider.getCredential();
      provided = { accessKeyId, accessKeySecret, securityToken };
    } catch (error) {
      throw this.#channel.toFailure({ kind: 'credentialsFailed', error });
    }
    const { accessKeyId, accessKeySecret, securityToken } = provided;
    if (!accessKeyId || !accessKeySecret) throw this.#channel.toFailure({ kind: 'incompleteCredentials' });
    return { accessKeyId, accessKeySecret, securityToken };
  }
}

const defaultUserAgent = 'kms-secrets';

const signedHeaders = 'host x-acs-action x-acs-content-sha256 x-acs-date x-acs-signature-nonce x-acs-version'.split(
  ' ',
);
const signedWithoutToken = signedNames(signedHeaders);
const signedWithToken = signedNames([...signedHeaders, 'x-acs-accesskey-id', 'x-acs-security-token'].toSorted());
