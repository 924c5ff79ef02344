import { randomUUID } from 'node:crypto';
import type { ClientKey, CredentialsProvider } from '../../ports/credentials.ts';
import type { Secret } from '../../secret/secret.ts';
import type { SecretRequest, SecretTransport } from '../../ports/transport.ts';
import { FetchFailure } from '../../ports/transport.ts';
import type { IdentityKind } from '../https/advice.ts';
import type { HttpsOptions, WireRequest } from '../https/channel.ts';
import { HttpsChannel } from '../https/channel.ts';
import { decodeBatch } from './decode-batch.ts';
import { decodeSecret, readJsonError } from './decode.ts';
import type { ActionRequest } from './request-parameters.ts';
import { getSecretValueRequest, batchGetSecretValueRequest } from './request-parameters.ts';
import { clientKeyQuery, rpcStringToSign, withSignature } from './sign-rpc.ts';
import type { AccessKey } from './sign.ts';
import { authorization, canonicalQuery, emptyBodyHash, signatureDate } from './sign.ts';

/** Who asks: an access key, or a client key. */
export type OpenApiIdentity =
  | { readonly credentials: CredentialsProvider; readonly clientKey?: undefined }
  | { readonly clientKey: ClientKey; readonly credentials?: undefined };

export interface OpenApiOptions extends HttpsOptions {
  /** A text that was never used before. */
  readonly nonce?: (() => string) | undefined;
  readonly userAgent?: string | undefined;
}

export type OpenApiTransportOptions = OpenApiOptions & OpenApiIdentity;

/** Whose credentials the last request was signed with. */
interface SignerRecord {
  accessKeyId: string | undefined;
}

/** What KMS says of temporary credentials that have ended: the second where it has forgotten them. */
const endedCodes: ReadonlySet<string> = new Set(['InvalidSecurityToken.Expired', 'InvalidAccessKeyId.NotFound']);

type SigningCredentials = AccessKey & { readonly securityToken: string | undefined };

/**
 * GetSecretValue and BatchGetSecretValue of the KMS OpenAPI, version 2016-01-20, at one endpoint: a public, VPC or instance
 * host, of which the last does not know the second.
 *
 * An access key signs by version 3 of the signature, a client key by version 1, which is the only one that KMS takes from
 * it. Each request has a nonce, a date and a signature of its own.
 */
export class OpenApiTransport implements SecretTransport {
  readonly #parts: OpenApiTransportOptions;
  readonly #identity: IdentityKind;
  readonly #channel: HttpsChannel;

  constructor(parts: OpenApiTransportOptions) {
    this.#parts = parts;
    this.#identity = parts.clientKey === undefined ? 'credentials' : 'clientKey';
    this.#channel = new HttpsChannel(parts, { identity: this.#identity, readError: readJsonError });
  }

  get endpoint(): string {
    return this.#channel.endpoint;
  }

  async fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    return decodeSecret(await this.#ask(() => getSecretValueRequest(request), signal), request, this.endpoint);
  }

  /** A client key may be refused this action; nobody documents it. */
  async fetchMany(
    requests: readonly SecretRequest[],
    signal: AbortSignal,
  ): Promise<readonly (Secret | FetchFailure)[]> {
    const body = await this.#ask(() => batchGetSecretValueRequest(requests), signal);
    return decodeBatch(body, requests, { endpoint: this.endpoint, identity: this.#identity });
  }

  /** Credentials that ended between signing and arrival are no refusal: there are others, with which it is asked once more. */
  async #ask(question: () => ActionRequest, signal: AbortSignal): Promise<Buffer> {
    const signer: SignerRecord = { accessKeyId: undefined };
    const write = async (): Promise<WireRequest> => this.#write(question(), signer);
    try {
      return await this.#channel.send(write, signal);
    } catch (error) {
      const isEnded = error instanceof FetchFailure && endedCodes.has(error.code ?? '');
      if (!isEnded || signer.accessKeyId === undefined) throw error;
      if (this.#parts.credentials?.discard?.(signer.accessKeyId) !== true) throw error;
      return this.#channel.send(write, signal);
    }
  }

  close(): void {
    this.#channel.close();
  }

  #write(question: ActionRequest, signer: SignerRecord): Promise<WireRequest> {
    const { credentials, clientKey } = this.#parts;
    return clientKey === undefined
      ? this.#writeSignedByCredentials(question, { provider: credentials, signer })
      : this.#writeSignedByClientKey(question, clientKey);
  }

  async #writeSignedByCredentials(
    { action, parameters }: ActionRequest,
    { provider, signer }: { readonly provider: CredentialsProvider; readonly signer: SignerRecord },
  ): Promise<WireRequest> {
    const credentials = await this.#credentials(provider);
    signer.accessKeyId = credentials.accessKeyId;
    const { endpoint, clock, nonce = randomUUID } = this.#parts;
    const query = canonicalQuery(parameters);
    const headers = signedHeaders(
      { host: endpoint.host, action, date: signatureDate(clock.date()), nonce: nonce() },
      credentials,
    );
    const signable = { method: 'POST', path: '/', query, headers, bodyHash: emptyBodyHash };
    const lines = this.#unsignedHeaders();
    lines.push('authorization', authorization(signable, credentials));
    for (const header in headers) lines.push(header, headers[header] ?? '');
    return { path: `/?${query}`, headers: lines };
  }

  async #writeSignedByClientKey(question: ActionRequest, clientKey: ClientKey): Promise<WireRequest> {
    const { endpoint, clock, nonce = randomUUID } = this.#parts;
    const query = clientKeyQuery(question, {
      keyId: clientKey.keyId,
      date: signatureDate(clock.date()),
      nonce: nonce(),
    });
    let signature: string;
    try {
      signature = await clientKey.sign(rpcStringToSign('POST', query));
    } catch (error) {
      throw this.#channel.toFailure({ kind: 'clientKey', error });
    }
    const lines = this.#unsignedHeaders();
    lines.push('host', endpoint.host);
    return { path: `/?${withSignature(query, signature)}`, headers: lines };
  }

  /** Name, value, name, value. */
  #unsignedHeaders(): string[] {
    const { userAgent = 'kms-secrets' } = this.#parts;
    const lines = ['accept', 'application/json', 'accept-encoding', 'identity', 'content-length', '0'];
    lines.push('user-agent', userAgent);
    return lines;
  }

  async #credentials(provider: CredentialsProvider): Promise<SigningCredentials> {
    let given: Awaited<ReturnType<CredentialsProvider['getCredential']>>;
    try {
      given = await provider.getCredential();
    } catch (error) {
      throw this.#channel.toFailure({ kind: 'credentials', error });
    }
    const { accessKeyId, accessKeySecret, securityToken } = given;
    if (!accessKeyId || !accessKeySecret) throw this.#channel.toFailure({ kind: 'incompleteCredentials' });
    return { accessKeyId, accessKeySecret, securityToken: securityToken || undefined };
  }
}

interface SignedParts {
  readonly host: string;
  readonly action: string;
  readonly date: string;
  readonly nonce: string;
}

/** In byte order of the names, as the signature wants them. Two literals, because spreading parts into one takes 5 µs. */
function signedHeaders(
  { host, action, date, nonce }: SignedParts,
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
