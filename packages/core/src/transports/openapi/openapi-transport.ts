import { randomUUID } from 'node:crypto';
import type { ClientKey, ClientKeyProvider, CredentialsProvider } from '../../ports/credentials.ts';
import type { Secret } from '../../secret/secret.ts';
import type { SecretTransport } from '../../ports/transport.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import type { FetchFailure } from '../../ports/transport.ts';
import type { IdentityKind } from '../https/advice.ts';
import type { HttpsOptions, WireRequest } from '../https/channel.ts';
import { HttpsChannel } from '../https/channel.ts';
import type { Dialect } from '../https/classify.ts';
import type { RequestHeaders } from '../../network/send-request.ts';
import { sendWithRenewedIdentity } from '../renewed-identity.ts';
import { decodeBatch } from './decode-batch.ts';
import { decodeSecret, readJsonError } from './decode.ts';
import type { ActionRequest } from './request-parameters.ts';
import { getSecretValueRequest, batchGetSecretValueRequest } from './request-parameters.ts';
import { clientKeyQuery, rpcStringToSign, withSignature } from './sign-rpc.ts';
import type { AccessKey } from './sign.ts';
import { authorization, canonicalQuery, emptyBodyHash, signatureDate } from './sign.ts';

/** What signs the requests: an access key or a client key. */
export type OpenApiIdentity = Pick<Dialect, 'describeIdentity'> &
  (
    | { readonly credentials: CredentialsProvider; readonly clientKey?: undefined }
    | { readonly clientKey: ClientKeyProvider; readonly credentials?: undefined }
  );

export interface OpenApiOptions extends HttpsOptions {
  /** Returns a unique string. Default: a random UUID. */
  readonly nonce?: (() => string) | undefined;
  readonly userAgent?: string | undefined;
}

export type OpenApiTransportOptions = OpenApiOptions & OpenApiIdentity;

/** What signed the last request of a fetch. */
interface SignerRecord {
  accessKeyId: string | undefined;
  clientKey: ClientKey | undefined;
}

type SigningCredentials = AccessKey & { readonly securityToken: string | undefined };

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

  async fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    return decodeSecret(await this.#send(() => getSecretValueRequest(request), signal), request, this.endpoint);
  }

  /** The documentation does not say whether KMS accepts this action from a client key. */
  async fetchMany(
    requests: readonly SecretRequest[],
    signal: AbortSignal,
  ): Promise<readonly (Secret | FetchFailure)[]> {
    const body = await this.#send(() => batchGetSecretValueRequest(requests), signal);
    return decodeBatch(body, requests, { endpoint: this.endpoint, identity: this.#identity });
  }

  #send(build: () => ActionRequest, signal: AbortSignal): Promise<Buffer> {
    const { credentials, clientKey } = this.#options;
    const signer: SignerRecord = { accessKeyId: undefined, clientKey: undefined };
    const sign = async (): Promise<WireRequest> => this.#sign(build(), signer);
    const discard = (): boolean | undefined => {
      if (signer.clientKey !== undefined) return clientKey?.discard?.(signer.clientKey);
      return signer.accessKeyId === undefined ? false : credentials?.discard?.(signer.accessKeyId);
    };
    return sendWithRenewedIdentity(() => this.#channel.send(sign, signal), { discard, clock: this.#options.clock });
  }

  close(): void {
    this.#channel.close();
  }

  #sign(request: ActionRequest, signer: SignerRecord): Promise<WireRequest> {
    const { credentials, clientKey } = this.#options;
    if (clientKey === undefined) return this.#signWithAccessKey(request, { provider: credentials, signer });
    signer.clientKey = clientKey.getClientKey();
    return this.#signWithClientKey(request, signer.clientKey);
  }

  async #signWithAccessKey(
    { action, parameters }: ActionRequest,
    { provider, signer }: { readonly provider: CredentialsProvider; readonly signer: SignerRecord },
  ): Promise<WireRequest> {
    const credentials = await this.#credentials(provider);
    signer.accessKeyId = credentials.accessKeyId;
    const { endpoint, clock, nonce = randomUUID } = this.#options;
    const query = canonicalQuery(parameters);
    const headers = signedHeaders(
      { host: endpoint.host, action, date: signatureDate(clock.date()), nonce: nonce() },
      credentials,
    );
    const signable = { method: 'POST', path: '/', query, headers, bodyHash: emptyBodyHash };
    const sent = this.#unsignedHeaders(0);
    sent['authorization'] = authorization(signable, credentials);
    for (const name in headers) sent[name] = headers[name] ?? '';
    return { path: `/?${query}`, headers: sent };
  }

  async #signWithClientKey(request: ActionRequest, clientKey: ClientKey): Promise<WireRequest> {
    const { endpoint, clock, nonce = randomUUID } = this.#options;
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
    const { userAgent = 'kms-secrets' } = this.#options;
    return {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-length': String(contentLength),
      'user-agent': userAgent,
    };
  }

  async #credentials(provider: CredentialsProvider): Promise<SigningCredentials> {
    let provided: { readonly [Field in keyof SigningCredentials]: string | undefined };
    try {
      // Read here: a provider may return an object with getters, which throw.
      const { accessKeyId, accessKeySecret, securityToken } = await provider.getCredential();
      provided = { accessKeyId, accessKeySecret, securityToken };
    } catch (error) {
      throw this.#channel.toFailure({ kind: 'credentialsFailed', error });
    }
    const { accessKeyId, accessKeySecret, securityToken } = provided;
    if (!accessKeyId || !accessKeySecret) throw this.#channel.toFailure({ kind: 'incompleteCredentials' });
    return { accessKeyId, accessKeySecret, securityToken: securityToken || undefined };
  }
}

interface SignedFields {
  readonly host: string;
  readonly action: string;
  readonly date: string;
  readonly nonce: string;
}

/** In byte order of the names: the signature requires it. Two literals, because an object spread takes 5 µs. */
function signedHeaders(
  { host, action, date, nonce }: SignedFields,
  { accessKeyId, securityToken }: SigningCredentials,
): Record<string, string> {
  if (securityToken === undefined) {
    return {
      host,
      'x-acs-action': action,
      'x-acs-content-sha256': emptyBodyHash,
      'x-acs-date': date,
      'x-acs-signature-nonce': nonce,
      'x-acs-version': '2016-01-20',
    };
  }
  return {
    host,
    'x-acs-accesskey-id': accessKeyId,
    'x-acs-action': action,
    'x-acs-content-sha256': emptyBodyHash,
    'x-acs-date': date,
    'x-acs-security-token': securityToken,
    'x-acs-signature-nonce': nonce,
    'x-acs-version': '2016-01-20',
  };
}
