import type { ClientKey, ClientKeyProvider } from '../../ports/credentials.ts';
import type { Secret } from '../../secret/secret.ts';
import type { SecretTransport } from '../../ports/transport.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import { FetchFailure } from '../../ports/transport.ts';
import type { HttpsOptions, WireRequest } from '../https/channel.ts';
import { HttpsChannel } from '../https/channel.ts';
import type { Dialect } from '../https/classify.ts';
import type { ResponseFields } from '../secret-response.ts';
import type { CancelSignal } from '../../time/abort.ts';
import { secretFromFields } from '../secret-response.ts';
import { assertWellFormed } from '../well-formed.ts';
import { decodeResponse, encodeRequest, readInstanceError } from './messages.ts';
import { ProtobufError } from './protobuf.ts';
import { instanceHeaders, instanceStringToSign } from './sign-instance.ts';

export interface InstanceTransportOptions extends HttpsOptions, Pick<Dialect, 'describeIdentity'> {
  readonly clientKey: ClientKeyProvider;
  readonly userAgent?: string | undefined;
}

/**
 * GetSecretValue of the KMS instance API, `dkms-gcs-0.2`, at one instance: protobuf, signed with a client key.
 *
 * There is no nonce: two requests for one secret in the same second are identical, and KMS accepts both.
 */
export class InstanceTransport implements SecretTransport {
  readonly #options: InstanceTransportOptions;
  readonly #channel: HttpsChannel;

  constructor(options: InstanceTransportOptions) {
    this.#options = options;
    this.#channel = new HttpsChannel(options, {
      identity: 'clientKey',
      describeIdentity: options.describeIdentity,
      readError: readInstanceError,
    });
  }

  get endpoint(): string {
    return this.#channel.endpoint;
  }

  fetch(request: SecretRequest, signal: CancelSignal): Promise<Secret> {
    const { clientKey } = this.#options;
    let signer: ClientKey;
    return this.#channel.send({
      signal,
      build: () => {
        signer = clientKey.getClientKey();
        return this.#build(request, signer);
      },
      discard: () => clientKey.discard?.(signer),
      decode: (body) => secretFromFields(this.#decode(body), request, this.#options),
    });
  }

  close(): void {
    this.#channel.close();
  }

  async #build(request: SecretRequest, clientKey: ClientKey): Promise<WireRequest> {
    assertWellFormed(request);
    const { name: SecretName, stage: VersionStage, versionId: VersionId } = request;
    const { endpoint, clock, userAgent = 'kms-secrets' } = this.#options;
    const body = encodeRequest({ SecretName, VersionStage, VersionId, FetchExtendedConfig: true });
    const date = new Date(clock.date()).toUTCString();
    const headers = instanceHeaders({ host: endpoint.host, date, userAgent, keyId: clientKey.keyId, body });
    // All official clients send "Bearer", although the documentation says "TOKEN".
    const authorization = `Bearer ${await this.#sign(instanceStringToSign('POST', headers), clientKey)}`;
    return { path: '/', headers: { ...headers, authorization }, body };
  }

  async #sign(text: string, clientKey: ClientKey): Promise<string> {
    try {
      return await clientKey.sign(text);
    } catch (error) {
      throw this.#channel.toFailure({ kind: 'signingFailed', error });
    }
  }

  #decode(body: Buffer): ResponseFields {
    try {
      return decodeResponse(body);
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error;
      const message = `${this.endpoint} responded with status 200, but the body is not a response of KMS: ${error.message}. Check the endpoint.`;
      throw new FetchFailure('malformed', message, { status: 200 });
    }
  }
}
