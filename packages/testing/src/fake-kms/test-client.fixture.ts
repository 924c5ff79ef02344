import { createHash, randomUUID, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Agent } from 'node:https';

import type { FakeAccessKey } from './auth/access-keys.ts';
import type { FakeClientKey } from './client-keys/client-keys.ts';
import type { FakeKms } from './fake-kms.ts';
import type { FakeEndpoint } from './options.ts';
import { encodeRequest } from './protobuf/messages.ts';
import { acs3CanonicalRequest, acs3Signature, acs3StringToSign } from './protocols/acs3.ts';
import { instanceStringToSign } from './protocols/instance-api.ts';
import { percentEncode } from './protocols/percent-encode.ts';
import type { WireRequest } from './protocols/protocol.ts';
import { rpcSignature, rpcStringToSign } from './protocols/rpc-v1.ts';
import { formatDate } from './settable-clock.ts';

/** A request of a minimal client for the tests of the fake. Its fields can make the request invalid. */
export interface TestRequest {
  readonly kms: FakeKms;
  /** The id of a region or an instance. Default: the first region. */
  readonly region?: string;
  /** The URL of another server, such as STS. */
  readonly url?: string;
  readonly method?: string;
  readonly path?: string;
  /** The parameters of the action. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Sends the parameters as a form instead of the query. */
  readonly isForm?: boolean;
  readonly key?: FakeAccessKey;
  readonly securityToken?: string;
  readonly date?: string;
  readonly nonce?: string;
  /** Changes to common parameters or headers before signing. `undefined` removes one. */
  readonly beforeSigning?: Readonly<Record<string, string | undefined>>;
  /** Changes after signing, which make the signature wrong. */
  readonly afterSigning?: Readonly<Record<string, string | undefined>>;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

export interface TestResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
}

/** Sends a request with the protocol `rpc-v1`. */
export function sendRpc(request: TestRequest): Promise<TestResponse> {
  const key = request.key ?? request.kms.accessKey;
  const identity = { AccessKeyId: key.accessKeyId, SignatureMethod: 'HMAC-SHA1' };
  return signAndSendRpc(request, identity, (text) => rpcSignature(key.accessKeySecret, text));
}

/** Sends a request with the protocol `rpc-v1-client-key`. */
export function sendRpcWithClientKey(
  request: TestRequest,
  { keyId, privateKey }: Pick<FakeClientKey, 'keyId' | 'privateKey'>,
): Promise<TestResponse> {
  const identity = { AccessKeyId: keyId, SignatureMethod: 'SHA256withRSA', SignatureType: 'PRIVATEKEY' };
  return signAndSendRpc(request, identity, (text) => signWithRsa(text, privateKey));
}

function signAndSendRpc(
  request: TestRequest,
  identity: Readonly<Record<string, string>>,
  createSignature: (stringToSign: string) => string,
): Promise<TestResponse> {
  const common = {
    ...identity,
    Action: 'GetSecretValue',
    Version: '2016-01-20',
    SecurityToken: request.securityToken,
    SignatureVersion: '1.0',
    SignatureNonce: request.nonce ?? randomUUID(),
    Timestamp: request.date ?? formatDate(request.kms.clock.date()),
  };
  const signed = withoutUndefined({ ...common, ...request.parameters, ...request.beforeSigning });
  const signature = createSignature(rpcStringToSign(request.method ?? 'POST', new Map(Object.entries(signed))));
  const text = encodeForm(withoutUndefined({ ...signed, Signature: signature, ...request.afterSigning }));
  if (request.isForm !== true) return sendRaw(request, { query: text, headers: {}, body: '' });
  return sendRaw(request, { query: '', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: text });
}

/** Sends a request with the protocol `acs3`. */
export function sendAcs3(request: TestRequest): Promise<TestResponse> {
  const key = request.key ?? request.kms.accessKey;
  const isForm = request.isForm === true;
  const encoded = encodeForm({ ...request.parameters });
  const query = isForm ? '' : encoded;
  const body = isForm ? encoded : '';
  const headers = withoutUndefined({
    host: endpointOf(request).endpoint,
    ...(isForm && { 'content-type': 'application/x-www-form-urlencoded' }),
    'x-acs-action': 'GetSecretValue',
    'x-acs-version': '2016-01-20',
    'x-acs-date': request.date ?? formatDate(request.kms.clock.date()),
    'x-acs-signature-nonce': request.nonce ?? randomUUID(),
    'x-acs-content-sha256': createHash('sha256').update(body, 'utf8').digest('hex'),
    'x-acs-security-token': request.securityToken,
    ...request.beforeSigning,
  });
  const names = Object.keys(headers).toSorted();
  const wireRequest: WireRequest = {
    method: request.method ?? 'POST',
    path: '/',
    query,
    headers,
    rawHeaders: [],
    body: Buffer.from(body, 'utf8'),
  };
  const signature = acs3Signature(key.accessKeySecret, acs3StringToSign(acs3CanonicalRequest(wireRequest, names)));
  const authorization = `ACS3-HMAC-SHA256 Credential=${key.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return sendRaw(request, {
    query,
    headers: withoutUndefined({ ...headers, authorization, ...request.afterSigning }),
    body,
  });
}

/** Sends a request with the protocol `instance-api`. `beforeSigning` and `afterSigning` change headers. */
export function sendInstance(
  request: TestRequest & { readonly body?: Buffer; readonly scheme?: string },
  key: Pick<FakeClientKey, 'keyId' | 'privateKey'>,
): Promise<TestResponse> {
  const { SecretName, VersionStage, VersionId, FetchExtendedConfig } = request.parameters ?? {};
  const message = { SecretName: SecretName ?? '', VersionStage: VersionStage ?? '', VersionId: VersionId ?? '' };
  const body = request.body ?? encodeRequest({ ...message, FetchExtendedConfig: FetchExtendedConfig === 'true' });
  const headers = withoutUndefined({
    accept: 'application/x-protobuf',
    'content-type': 'application/x-protobuf',
    host: endpointOf(request).endpoint,
    date: request.date ?? new Date(request.kms.clock.date()).toUTCString(),
    'x-kms-apiversion': 'dkms-gcs-0.2',
    'x-kms-apiname': 'GetSecretValue',
    'x-kms-signaturemethod': 'RSA_PKCS1_SHA_256',
    'x-kms-acccesskeyid': key.keyId,
    'content-length': String(body.length),
    'content-sha256': createHash('sha256').update(body).digest('hex').toUpperCase(),
    ...request.beforeSigning,
  });
  const wireRequest = { method: request.method ?? 'POST', path: '/', query: '', headers, rawHeaders: [], body };
  const signature = signWithRsa(instanceStringToSign(wireRequest), key.privateKey);
  const authorization = `${request.scheme ?? 'Bearer'} ${signature}`;
  const sentHeaders = withoutUndefined({ ...headers, authorization, ...request.afterSigning });
  return sendRaw(request, { query: '', headers: sentHeaders, body });
}

interface RawParts {
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer;
}

/** Sends a request unsigned and unchanged. */
export function sendRaw(request: TestRequest, { query, headers, body }: RawParts): Promise<TestResponse> {
  const url = request.url ?? endpointOf(request).url;
  const path = `${request.path ?? '/'}${query === '' ? '' : `?${query}`}`;
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = {
      method: request.method ?? 'POST',
      path,
      headers,
      ca: request.kms.caPem,
      // Accepts a server that does not send the intermediate certificate, because the CA file contains it.
      allowPartialTrustChain: true,
      agent: request.agent ?? false,
      ...(request.signal !== undefined && { signal: request.signal }),
    };
    const outgoing = send(url, options, (incoming) => {
      readResponse(incoming).then(resolve, reject);
    });
    outgoing.on('error', reject).end(body);
  });
}

async function readResponse(incoming: IncomingMessage): Promise<TestResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk); // buffers, because no encoding is set
  const bytes = Buffer.concat(chunks);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, text: bytes.toString('utf8'), bytes };
}

function signWithRsa(text: string, privateKey: FakeClientKey['privateKey']): string {
  return sign('sha256', Buffer.from(text, 'utf8'), privateKey).toString('base64');
}

function endpointOf({ kms, region }: TestRequest): FakeEndpoint {
  return kms.endpoint(region ?? kms.endpoints[0]?.region ?? '');
}

export function encodeForm(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}

function withoutUndefined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
