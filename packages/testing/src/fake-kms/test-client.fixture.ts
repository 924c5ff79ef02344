import { createHash, randomUUID, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Agent } from 'node:https';

import type { FakeAccessKey } from './auth/access-keys.ts';
import type { FakeClientKey } from './client-keys/client-keys.ts';
import { acs3CanonicalRequest, acs3Signature, acs3StringToSign } from './protocols/acs3.ts';
import type { WireRequest } from './protocols/protocol.ts';
import { instanceStringToSign } from './protocols/instance-api.ts';
import { percentEncode } from './protocols/percent-encode.ts';
import { rpcSignature, rpcStringToSign } from './protocols/rpc-v1.ts';
import type { FakeKms } from './fake-kms.ts';
import type { FakeEndpoint } from './options.ts';
import { encodeRequest } from './protobuf/messages.ts';
import { formatDate } from './settable-clock.ts';

/** The plainest client that can speak to the fake: what the fake's own tests ask it with, mistakes included. */
export interface Trial {
  readonly kms: FakeKms;
  /** A region's id, or an instance's. */
  readonly region?: string;
  /** Somewhere else than a gateway. */
  readonly url?: string;
  readonly method?: string;
  readonly path?: string;
  /** Business parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly isForm?: boolean;
  readonly key?: FakeAccessKey;
  readonly securityToken?: string;
  readonly date?: string;
  readonly nonce?: string;
  /** Common parameters or `x-acs-` headers to change before signing; `undefined` leaves one out. */
  readonly before?: Readonly<Record<string, string | undefined>>;
  /** The same after signing, when it is too late. */
  readonly after?: Readonly<Record<string, string | undefined>>;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

export interface TrialAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
}

/** Asks in the RPC style with signature version 1. */
export function askRpc(trial: Trial): Promise<TrialAnswer> {
  const key = trial.key ?? trial.kms.accessKey;
  return sendRpc(trial, { AccessKeyId: key.accessKeyId, SignatureMethod: 'HMAC-SHA1' }, (text) =>
    rpcSignature(key.accessKeySecret, text),
  );
}

/** The same with a client key. */
export function askWithClientKey(
  trial: Trial,
  { keyId, privateKey }: Pick<FakeClientKey, 'keyId' | 'privateKey'>,
): Promise<TrialAnswer> {
  const common = { AccessKeyId: keyId, SignatureMethod: 'SHA256withRSA', SignatureType: 'PRIVATEKEY' };
  return sendRpc(trial, common, (text) => sign('sha256', Buffer.from(text, 'utf8'), privateKey).toString('base64'));
}

function sendRpc(
  trial: Trial,
  identity: Readonly<Record<string, string>>,
  signText: (text: string) => string,
): Promise<TrialAnswer> {
  const common = {
    ...identity,
    Action: 'GetSecretValue',
    Version: '2016-01-20',
    SecurityToken: trial.securityToken,
    SignatureVersion: '1.0',
    SignatureNonce: trial.nonce ?? randomUUID(),
    Timestamp: trial.date ?? formatDate(trial.kms.clock.date()),
  };
  const signed = defined({ ...common, ...trial.parameters, ...trial.before });
  const signature = signText(rpcStringToSign(trial.method ?? 'POST', new Map(Object.entries(signed))));
  const parameters = defined({ ...signed, Signature: signature, ...trial.after });
  const text = encodeForm(parameters);
  if (trial.isForm !== true) return send(trial, { query: text, headers: {}, body: '' });
  return send(trial, { query: '', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: text });
}

/** Asks with signature version 3. */
export function askAcs3(trial: Trial): Promise<TrialAnswer> {
  const key = trial.key ?? trial.kms.accessKey;
  const text = encodeForm({ ...trial.parameters });
  const [query, body] = trial.isForm === true ? ['', text] : [text, ''];
  const headers = defined({
    host: endpointOf(trial).endpoint,
    ...(trial.isForm === true && { 'content-type': 'application/x-www-form-urlencoded' }),
    'x-acs-action': 'GetSecretValue',
    'x-acs-version': '2016-01-20',
    'x-acs-date': trial.date ?? formatDate(trial.kms.clock.date()),
    'x-acs-signature-nonce': trial.nonce ?? randomUUID(),
    'x-acs-content-sha256': createHash('sha256').update(body, 'utf8').digest('hex'),
    'x-acs-security-token': trial.securityToken,
    ...trial.before,
  });
  const names = Object.keys(headers).toSorted();
  const asSent: WireRequest = {
    method: trial.method ?? 'POST',
    path: '/',
    query,
    headers,
    rawHeaders: [],
    body: Buffer.from(body, 'utf8'),
  };
  const signature = acs3Signature(key.accessKeySecret, acs3StringToSign(acs3CanonicalRequest(asSent, names)));
  const authorization = `ACS3-HMAC-SHA256 Credential=${key.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return send(trial, { query, headers: defined({ ...headers, authorization, ...trial.after }), body });
}

/** Asks an instance in its own API; `before` and `after` change headers, before and after signing. */
export function askInstance(
  trial: Trial & { readonly body?: Buffer; readonly scheme?: string },
  key: Pick<FakeClientKey, 'keyId' | 'privateKey'>,
): Promise<TrialAnswer> {
  const { SecretName, VersionStage, VersionId, FetchExtendedConfig } = trial.parameters ?? {};
  const message = { SecretName: SecretName ?? '', VersionStage: VersionStage ?? '', VersionId: VersionId ?? '' };
  const body = trial.body ?? encodeRequest({ ...message, FetchExtendedConfig: FetchExtendedConfig === 'true' });
  const headers = defined({
    accept: 'application/x-protobuf',
    'content-type': 'application/x-protobuf',
    host: endpointOf(trial).endpoint,
    date: trial.date ?? new Date(trial.kms.clock.date()).toUTCString(),
    'x-kms-apiversion': 'dkms-gcs-0.2',
    'x-kms-apiname': 'GetSecretValue',
    'x-kms-signaturemethod': 'RSA_PKCS1_SHA_256',
    'x-kms-acccesskeyid': key.keyId,
    'content-length': String(body.length),
    'content-sha256': createHash('sha256').update(body).digest('hex').toUpperCase(),
    ...trial.before,
  });
  const asSent = { method: trial.method ?? 'POST', path: '/', query: '', headers, rawHeaders: [], body };
  const signature = sign('sha256', Buffer.from(instanceStringToSign(asSent), 'utf8'), key.privateKey).toString(
    'base64',
  );
  const authorization = `${trial.scheme ?? 'Bearer'} ${signature}`;
  return send(trial, { query: '', headers: defined({ ...headers, authorization, ...trial.after }), body });
}

interface Raw {
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer;
}

/** Sends a request as it is. */
export function send(trial: Trial, { query, headers, body }: Raw): Promise<TrialAnswer> {
  const url = trial.url ?? endpointOf(trial).url;
  const path = `${trial.path ?? '/'}${query === '' ? '' : `?${query}`}`;
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = {
      method: trial.method ?? 'POST',
      path,
      headers,
      ca: trial.kms.caPem,
      // A client with root and second authority in its file must do even if the server sends no intermediate.
      allowPartialTrustChain: true,
      agent: trial.agent ?? false,
      ...(trial.signal !== undefined && { signal: trial.signal }),
    };
    const asked = request(url, options, (answer) => {
      collect(answer).then(resolve, reject);
    });
    asked.on('error', reject).end(body);
  });
}

async function collect(answer: IncomingMessage): Promise<TrialAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk); // bytes, since no encoding was set
  const bytes = Buffer.concat(chunks);
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: bytes.toString('utf8'), bytes };
}

function endpointOf({ kms, region }: Trial): FakeEndpoint {
  return kms.endpoint(region ?? kms.endpoints[0]?.region ?? '');
}

export function encodeForm(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}

function defined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
