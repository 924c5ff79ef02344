import type { ClientKeySource } from './client-key-source.ts';
import { clientKeyProperties, parseClientKeySource, passwordProperties } from './client-key-source.ts';
import type { OptionRow, ParseResult, ParseIssue } from './rows.ts';
import { flag, custom } from './rows.ts';
import { describeKind, describeValue } from './redact.ts';
import type { SecretTransport } from '../ports/transport.ts';

/** Where KMS is asked: a region's public or VPC host, or a host of your own choice. */
export interface EndpointOptions {
  /** Region id, such as `cn-hangzhou`; makes the host `kms.cn-hangzhou.aliyuncs.com`. */
  readonly regionId?: string | undefined;
  /** Ask the region's VPC host, `kms-vpc.cn-hangzhou.aliyuncs.com`. */
  readonly vpc?: boolean | undefined;
  /** Host, with a port if it is not 443; wins over `regionId` and `vpc`. */
  readonly endpoint?: string | undefined;
  /** PEM file with the certificate authorities to trust instead of the public ones. */
  readonly caFilePath?: string | undefined;
  /** Take whatever certificate the endpoint shows: anybody in between can read the secrets. Warned about at every start. */
  readonly ignoreSslCerts?: boolean | undefined;
  /** Client key file: this endpoint is a KMS instance, asked by its own API. */
  readonly clientKeyFile?: string | undefined;
  /** The text of a client key file, in its place. */
  readonly clientKeyContent?: string | undefined;
  /** The password of the client key. Without one of these three, the variable `client_key_password` is read. */
  readonly password?: string | undefined;
  /** A file with the password, and nothing else. */
  readonly passwordFromFilePath?: string | undefined;
  /** The name of the variable with the password. */
  readonly passwordFromEnvVariable?: string | undefined;
}

/** An endpoint as the engine wants it. */
export interface EndpointAddress {
  /** With the port if it is not 443: just what stands in the `Host` header. */
  readonly host: string;
  readonly caFilePath: string | undefined;
  readonly ignoreSslCerts: boolean;
  /** Only with a KMS instance that is asked by its own API. Holds secrets: never log it. */
  readonly clientKey?: ClientKeySource | undefined;
}

export type EndpointEntry = string | EndpointOptions | SecretTransport;

const example = `[{"regionId":"cn-hangzhou"},{"regionId":"cn-shanghai","vpc":true}]`;
const expectedEntry = 'a region id, a host, or an object with regionId or endpoint';

/** The one of the documentation, and those of the official clients' code. */
const ignoreSpellings: readonly string[] = ['ignoreSslCerts', 'ignoreSSLCerts', 'ignoreSSL'];
const keyProperties: readonly string[] = [...clientKeyProperties, ...passwordProperties];
const known: readonly string[] = ['regionId', 'vpc', 'endpoint', 'caFilePath', 'ignoreSslCerts', ...keyProperties];
/** Every name that an entry may have. */
export const endpointProperties: ReadonlySet<string> = new Set([...known, ...ignoreSpellings]);

/** The row of the option `endpoints`. */
export function endpointList(): OptionRow<readonly (EndpointAddress | SecretTransport)[]> {
  return custom<readonly (EndpointAddress | SecretTransport)[]>({
    default: [],
    expected: 'a list with at least one endpoint',
    example,
    parse(value) {
      if (!Array.isArray(value) || value.length === 0) return undefined;
      const outcomes = value.map((entry, index) => parseEntry(entry, `[${index}]`));
      const issues = outcomes.flatMap((outcome) => ('issues' in outcome ? outcome.issues : []));
      if (issues.length > 0) return { issues };
      return { value: outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : [])) };
    },
  });
}

export function isTransport(entry: unknown): entry is SecretTransport {
  return typeof entry === 'object' && entry !== null && 'fetch' in entry && typeof entry.fetch === 'function';
}

function parseEntry(entry: unknown, at: string): ParseResult<EndpointAddress | SecretTransport> {
  if (isTransport(entry)) return { value: entry };
  if (typeof entry === 'string') return parseText(entry, at);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { issues: [{ at, got: describeValue(entry), expected: expectedEntry, example }] };
  }
  return parseOptions(new Map(Object.entries(entry)), at);
}

function parseText(text: string, at: string): ParseResult<EndpointAddress> {
  const options = /[.:/]/u.test(text) ? { endpoint: text } : { regionId: text };
  return parseOptions(new Map(Object.entries(options)), at);
}

function parseOptions(options: ReadonlyMap<string, unknown>, at: string): ParseResult<EndpointAddress> {
  const issues: ParseIssue[] = [];
  for (const key of options.keys()) {
    if (!endpointProperties.has(key)) issues.push({ at: `${at}.${key}`, expected: `one of ${known.join(', ')}` });
  }
  const text = (key: string): string | undefined => {
    const value = options.get(key);
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string') return value;
    issues.push({ at: `${at}.${key}`, got: describeValue(value), expected: 'a text' });
    return undefined;
  };
  const regionId = text('regionId');
  if (regionId !== undefined && !/^[a-z0-9-]+$/u.test(regionId)) {
    issues.push({
      at: `${at}.regionId`,
      got: describeValue(regionId),
      expected: 'a region id',
      example: 'cn-hangzhou',
    });
  }
  const endpoint = text('endpoint');
  const host = endpoint === undefined ? undefined : parseHost(endpoint);
  if (endpoint !== undefined && host === undefined) {
    const expected = 'a host, with a port if it is not 443; it is always asked by HTTPS';
    const got = /^[\w.:/-]{1,80}$/u.test(endpoint) && endpoint.includes('.') ? `'${endpoint}'` : describeKind(endpoint);
    issues.push({ at: `${at}.endpoint`, got, expected, example: 'kms.cn-hangzhou.aliyuncs.com' });
  }
  const isSet = (key: string): boolean => {
    const outcome = flag({ default: false }).parse(options.get(key) ?? false);
    if ('value' in outcome) return outcome.value;
    issues.push(...outcome.issues.map((issue) => ({ ...issue, at: `${at}.${key}` })));
    return false;
  };
  const vpc = isSet('vpc');
  const ignoreSslCerts = ignoreSpellings.map(isSet).includes(true);
  const caFilePath = text('caFilePath');
  const hasClientKey = keyProperties.some((key) => (options.get(key) ?? '') !== '');
  const clientKey = hasClientKey ? parseClientKeySource(options, at) : undefined;
  if (clientKey !== undefined && 'issues' in clientKey) issues.push(...clientKey.issues);
  if (hasClientKey && regionId !== undefined && (options.get('endpoint') ?? '') === '') {
    const expected = 'the host of the KMS instance that the client key is for';
    issues.push({ at: `${at}.endpoint`, expected, example: 'kst-….cryptoservice.kms.aliyuncs.com' });
  }
  if (regionId === undefined && endpoint === undefined && issues.length === 0) {
    issues.push({ at, got: 'neither', expected: 'regionId or endpoint', example });
  }
  if (issues.length > 0) return { issues };
  const address = { host: host ?? `kms${vpc ? '-vpc' : ''}.${regionId}.aliyuncs.com`, caFilePath, ignoreSslCerts };
  return {
    value: clientKey !== undefined && 'value' in clientKey ? { ...address, clientKey: clientKey.value } : address,
  };
}

/** Other clients' files hold `https://host/` as well as `host`; both mean the host. */
function parseHost(endpoint: string): string | undefined {
  const host = endpoint
    .trim()
    .replace(/^https:\/\//iu, '')
    .replace(/\/$/u, '');
  const match = /^(?:\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(?<port>\d{1,5}))?$/iu.exec(host);
  if (match === null || Number(match.groups?.['port'] ?? 1) > 65_535) return undefined;
  // What ends in a number must be an address: `300.300.300.300` is neither that nor a name.
  if (!URL.canParse(`https://${host}`)) return undefined;
  return host.toLowerCase().replace(/:443$/u, '');
}
