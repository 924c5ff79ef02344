import { randomUUID } from 'node:crypto';
import type { ClientKey, CredentialsProvider } from '../../credentials.ts';
import type { Secret } from '../../secret.ts';
import type { SecretRequest, SecretTransport } from '../../transport.ts';
import { FetchFailure } from '../../transport.ts';
import type { HttpsParts, WireRequest } from '../https/channel.ts';
import { HttpsChannel } from '../https/channel.ts';
import { checkText } from '../well-formed.ts';
import { decodeSecret, readJsonError } from './decode.ts';
import { clientKeyQuery, rpcStringToSign, withSignature } from './sign-rpc.ts';
import type { AccessKey } from './sign.ts';
import { authorization, canonicalQuery, emptyBodyHash, signatureDate } from './sign.ts';

/** Who asks: an access key, or a client key. */
export type OpenApiIdentity =
  | { readonly credentials: CredentialsProvider; readonly clientKey?: undefined }
  | { readonly clientKey: ClientKey; readonly credentials?: undefined };

export interface OpenApiSettings extends HttpsParts {
  /** A text that was never used before. */
  readonly nonce?: (() => string) | undefined;
  readonly userAgent?: string | undefined;
}

export type OpenApiParts = OpenApiSettings & OpenApiIdentity;

/** Whose credentials the last request was signed with. */
interface Signer {
  accessKeyId: string | undefined;
}

/** What KMS says of temporary credentials that have ended: the second where it has forgotten them. */
const endedCodes: ReadonlySet<string> = new Set(['InvalidSecurityToken.Expired', 'InvalidAccessKeyId.NotFound']);

type Credentials = AccessKey & { readonly securityToken: string | undefined };

/**
 * GetSecretValue of the KMS OpenAPI, version 2016-01-20, at one endpoint: a public, VPC or instance host.
 *
 * An access key signs by version 3 of the signature, a client key by version 1, which is the only one that KMS takes from
 * it. Each request has a nonce, a date and a signature of its own.
 */
export class OpenApiTransport implements SecretTransport {
  readonly #parts: OpenApiParts;
  readonly #channel: HttpsChannel;

  constructor(parts: OpenApiParts) {
    this.#parts = parts;
    const identity = parts.clientKey === undefined ? 'credentials' : 'clientKey';
    this.#channel = new HttpsChannel(parts, { identity, readError: readJsonError });
  }

  get endpoint(): string {
    return this.#channel.endpoint;
  }

  async fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    return decodeSecret(await this.#ask(request, signal), request, this.endpoint);
  }

  /** Credentials that ended between signing and arrival are no refusal: there are others, with which it is asked once more. */
  async #ask(request: SecretRequest, signal: AbortSignal): Promise<Buffer> {
    const signer: Signer = { accessKeyId: undefined };
    const write = (): Promise<WireRequest> => this.#write(request, signer);
    try {
      return await this.#channel.ask(write, signal);
    } catch (error) {
      const isEnded = error instanceof FetchFailure && endedCodes.has(error.code ?? '');
      if (!isEnded || signer.accessKeyId === undefined) throw error;
      if (this.#parts.credentials?.discard?.(signer.accessKeyId) !== true) throw error;
      return this.#channel.ask(write, signal);
    }
  }

  connectTime(signal: AbortSignal): Promise<number | undefined> {
    return this.#channel.connectTime(signal);
  }

  close(): void {
    this.#channel.close();
  }

  #write(request: SecretRequest, signer: Signer): Promise<WireRequest> {
    checkText(request);
    const { credentials, clientKey } = this.#parts;
    return clientKey === undefined
      ? this.#writeSignedByCredentials(request, { provider: credentials, signer })
      : this.#writeSignedByClientKey(request, clientKey);
  }

  async #writeSignedByCredentials(
    { name, stage, versionId }: SecretRequest,
    { provider, signer }: { readonly provider: CredentialsProvider; readonly signer: Signer },
  ): Promise<WireRequest> {
    const credentials = await this.#credentials(provider);
    signer.accessKeyId = credentials.accessKeyId;
    const { endpoint, clock, nonce = randomUUID } = this.#parts;
    // In byte order of the names, as the signature wants it.
    const query = canonicalQuery({
      FetchExtendedConfig: 'true',
      SecretName: name,
      VersionId: versionId,
      VersionStage: stage,
    });
    const headers = signedHeaders(
      { host: endpoint.host, date: signatureDate(clock.date()), nonce: nonce() },
      credentials,
    );
    const signable = { method: 'POST', path: '/', query, headers, bodyHash: emptyBodyHash };
    const lines = this.#unsignedHeaders();
    lines.push('authorization', authorization(signable, credentials));
    for (const header in headers) lines.push(header, headers[header] ?? '');
    return { path: `/?${query}`, headers: lines };
  }

  async #writeSignedByClientKey(request: SecretRequest, clientKey: ClientKey): Promise<WireRequest> {
    const { endpoint, clock, nonce = randomUUID } = this.#parts;
    const query = clientKeyQuery(request, {
      keyId: clientKey.keyId,
      date: signatureDate(clock.date()),
      nonce: nonce(),
    });
    let signature: string;
    try {
      signature = await clientKey.sign(rpcStringToSign('POST', query));
    } catch (error) {
      throw this.#channel.failure({ kind: 'clientKey', error });
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

  async #credentials(provider: CredentialsProvider): Promise<Credentials> {
    let given: Awaited<ReturnType<CredentialsProvider['getCredential']>>;
    try {
      given = await provider.getCredential();
    } catch (error) {
      throw this.#channel.failure({ kind: 'credentials', error });
    }
    const { accessKeyId, accessKeySecret, securityToken } = given;
    if (!accessKeyId || !accessKeySecret) throw this.#channel.failure({ kind: 'incompleteCredentials' });
    return { accessKeyId, accessKeySecret, securityToken: securityToken || undefined };
  }
}
/** In byte order of the names, as the signature wants them. Two literals, because spreading parts into one takes 5 µs. */
function signedHeaders(
  { host, date, nonce }: { readonly host: string; readonly date: string; readonly nonce: string },
  { accessKeyId, securityToken }: Credentials,
): Record<string, string> {
  if (securityToken === undefined) {
    return {
      host,
      'x-acs-action': 'GetSecretValue',
      'x-acs-content-sha256': emptyBodyHash,
      'x-acs-date': date,
      'x-acs-signature-nonce': nonce,
      'x-acs-version': '2016-01-20',
    };
  }
  return {
    host,
    'x-acs-accesskey-id': accessKeyId,
    'x-acs-action': 'GetSecretValue',
    'x-acs-content-sha256': emptyBodyHash,
    'x-acs-date': date,
    'x-acs-security-token': securityToken,
    'x-acs-signature-nonce': nonce,
    'x-acs-version': '2016-01-20',
  };
}
