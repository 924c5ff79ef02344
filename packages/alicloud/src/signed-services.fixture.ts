import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A service that verifies the signature of each request with the access keys that are valid now. */
export interface SignedService {
  readonly url: string;
  readonly host: string;
  /** The ids of the keys that requests were signed with. */
  readonly keyIds: string[];
}

/** How a service of Alibaba Cloud is signed, and what it responds. */
export interface ServiceRules {
  /** The id of the key and the signature, as the request has them. */
  readonly signedWith: (request: IncomingMessage) => readonly [id: string, signature: string];
  readonly stringToSign: (request: IncomingMessage) => string;
  readonly signingKey?: (secret: string) => string;
  readonly success: { readonly type: string; readonly body: string };
  readonly invalidKey: { readonly status: number; readonly type: string; readonly body: string };
}

export async function startSignedService(
  rules: ServiceRules,
  keys: ReadonlyMap<string, string>,
): Promise<SignedService> {
  const keyIds: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      const [id, signature] = rules.signedWith(request);
      keyIds.push(id);
      const secret = keys.get(id);
      const { signingKey = (text: string) => text } = rules;
      const expected =
        secret === undefined
          ? undefined
          : createHmac('sha1', signingKey(secret)).update(rules.stringToSign(request)).digest('base64');
      if (expected !== undefined && expected !== signature) {
        response.writeHead(403).end('SignatureDoesNotMatch');
        return;
      }
      const { status, type, body } = expected === undefined ? rules.invalidKey : { status: 200, ...rules.success };
      response.writeHead(status, { 'content-type': type, 'x-oss-request-id': '1', 'x-ots-requestid': '1' }).end(body);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `http://${host}`, host, keyIds };
}

function authorization({ headers }: IncomingMessage): readonly [string, string] {
  const [, id = '', signature = ''] = /^\w+ ([^:]+):(.+)$/u.exec(headers.authorization ?? '') ?? [];
  return [id, signature];
}

/** `prefix-…:value` lines in order. */
function headerLines(headers: IncomingHttpHeaders, prefixes: readonly string[]): string[] {
  return Object.keys(headers)
    .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
    .toSorted()
    .map((name) => `${name}:${String(headers[name]).trim()}`);
}

const sortedQuery = (url: URL): string =>
  [...url.searchParams]
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join('&');

function headLines({ method = '', headers }: IncomingMessage, date: string): string[] {
  return [method, String(headers['content-md5'] ?? ''), headers['content-type'] ?? '', date];
}

/** OSS, signature version 1, with the bucket `bucket` on a host name of its own. */
export const oss: ServiceRules = {
  signedWith: authorization,
  stringToSign: (request) => {
    const { headers, url = '' } = request;
    const date = String(headers['x-oss-date'] ?? headers.date ?? '');
    return [
      ...headLines(request, date),
      ...headerLines(headers, ['x-oss-']),
      `/bucket${new URL(url, 'http://x').pathname}`,
    ].join('\n');
  },
  success: { type: 'text/plain', body: 'content' },
  invalidKey: {
    status: 403,
    type: 'application/xml',
    body: '<Error><Code>InvalidAccessKeyId</Code><Message>The OSS Access Key Id you provided does not exist.</Message></Error>',
  },
};

/** Log Service. */
export const log: ServiceRules = {
  signedWith: authorization,
  stringToSign: (request) => {
    const { headers, url = '' } = request;
    const { pathname, searchParams } = new URL(url, 'http://x');
    const query = sortedQuery(new URL(url, 'http://x'));
    const resource = searchParams.size === 0 ? pathname : `${pathname}?${query}`;
    return [...headLines(request, headers.date ?? ''), ...headerLines(headers, ['x-log-', 'x-acs-']), resource].join(
      '\n',
    );
  },
  success: { type: 'application/json', body: '{"count":0,"logstores":[]}' },
  invalidKey: {
    status: 401,
    type: 'application/json',
    body: '{"errorCode":"Unauthorized","errorMessage":"AccessKeyId not found: LTAI"}',
  },
};

/** MNS. */
export const mns: ServiceRules = {
  signedWith: authorization,
  stringToSign: (request) => {
    const { headers, url = '' } = request;
    return [...headLines(request, String(headers.date)), ...headerLines(headers, ['x-mns-']), url].join('\n');
  },
  success: {
    type: 'text/xml',
    body: '<Queues xmlns="http://mns.aliyuncs.com/doc/v1/"><Queue><QueueURL>http://q</QueueURL></Queue></Queues>',
  },
  invalidKey: {
    status: 403,
    type: 'text/xml',
    body: '<Error xmlns="http://mns.aliyuncs.com/doc/v1/"><Code>InvalidAccessKeyId</Code><Message>The AccessKeyId does not exist.</Message><RequestId>1</RequestId><HostId>h</HostId></Error>',
  },
};

/** Tablestore. Its errors are protocol buffers: `code` is field 1, `message` field 2. */
export const tablestore: ServiceRules = {
  signedWith: ({ headers }) => [String(headers['x-ots-accesskeyid']), String(headers['x-ots-signature'])],
  stringToSign: ({ method = '', url = '', headers }) => {
    const lines = headerLines(headers, ['x-ots-']).filter((line) => !line.startsWith('x-ots-signature'));
    return `${url}\n${method}\n\n${lines.join('\n')}\n`;
  },
  success: { type: 'application/x-protobuf', body: '' },
  invalidKey: {
    status: 403,
    type: 'application/x-protobuf',
    body: textField(1, 'OTSAuthFailed') + textField(2, 'The AccessKeyID does not exist.'),
  },
};

function textField(field: number, text: string): string {
  return String.fromCodePoint(field * 8 + 2, text.length) + text;
}

/** RPC of OpenAPI, as `@alicloud/pop-core` signs it. */
export const rpc: ServiceRules = {
  signedWith: ({ url = '' }) => {
    const { searchParams } = new URL(url, 'http://x');
    return [searchParams.get('AccessKeyId') ?? '', searchParams.get('Signature') ?? ''];
  },
  stringToSign: ({ method = '', url = '' }) => {
    const pairs = [...new URL(url, 'http://x').searchParams]
      .filter(([key]) => key !== 'Signature')
      .map(([key, value]) => `${encode(key)}=${encode(value)}`)
      .toSorted();
    return `${method}&${encode('/')}&${encode(pairs.join('&'))}`;
  },
  signingKey: (secret) => `${secret}&`,
  success: { type: 'application/json', body: '{"RequestId":"1"}' },
  invalidKey: {
    status: 404,
    type: 'application/json',
    body: '{"RequestId":"1","Code":"InvalidAccessKeyId.NotFound","Message":"Specified access key is not found."}',
  },
};

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/gu,
    (sign) => `%${sign.codePointAt(0)?.toString(16).toUpperCase()}`,
  );
}
