import type { SecretTransport } from '../ports/transport.ts';
import type { ClientKeySource } from './client-key-source.ts';
import { clientKeyProperties, parseClientKeySource, passwordProperties } from './client-key-source.ts';
import { suggestion } from './closest-match.ts';
import { describeKind, describeValue } from './redact.ts';
import { custom, flag } from './rows.ts';
import type { OptionRow, ParseIssue, ParseResult } from './rows.ts';

/** An endpoint of KMS: the public or VPC host of a region, a custom host, or a KMS instance. */
export interface EndpointOptions {
  /** Region id, such as `cn-hangzhou`. The host is `kms.cn-hangzhou.aliyuncs.com`. */
  readonly regionId?: string | undefined;
  /** Whether to use the VPC host of the region, `kms-vpc.cn-hangzhou.aliyuncs.com`. */
  readonly vpc?: boolean | undefined;
  /** Host, with a port unless it is 443. Takes precedence over `regionId` and `vpc`. */
  readonly endpoint?: string | undefined;
  /** Path of a PEM file with the certificate authorities to trust instead of the public ones. */
  readonly caFilePath?: string | undefined;
  /** The PEM text of these certificate authorities, instead of `caFilePath`. */
  readonly ca?: string | undefined;
  /**
   * Disables the verification of the certificate: anyone on the network path can read the secrets. The client logs a warning
   * at every start.
   */
  readonly ignoreSslCerts?: boolean | undefined;
  /** Path of a client key file. It makes the endpoint a KMS instance, which is accessed by the instance API. */
  readonly clientKeyFile?: string | undefined;
  /** The content of a client key file, instead of `clientKeyFile`. */
  readonly clientKeyContent?: string | undefined;
  /** The password of the client key. Without any password option, the variable `client_key_password` is read. */
  readonly password?: string | undefined;
  /** Path of a file that contains only the password. */
  readonly passwordFromFilePath?: string | undefined;
  /** Name of the environment variable that holds the password. */
  readonly passwordFromEnvVariable?: string | undefined;
}

/** A parsed endpoint. */
export interface EndpointAddress {
  /** The value of the `Host` header: with the port unless it is 443. */
  readonly host: string;
  readonly caFilePath: string | undefined;
  /** PEM text. At most one of `ca` and `caFilePath` is set. */
  readonly ca?: string | undefined;
  readonly ignoreSslCerts: boolean;
  /** Set for a KMS instance that is accessed by the instance API. Holds secrets: never log it. */
  readonly clientKey?: ClientKeySource | undefined;
}

export type EndpointEntry = string | EndpointOptions | SecretTransport;

const endpointExample = `[{"regionId":"cn-hangzhou"},{"regionId":"cn-shanghai","vpc":true}]`;
const expectedEntry = 'a region id, a host, or an object with regionId or endpoint';
const expectedHost = 'a host, with a port unless it is 443; only HTTPS is supported';

/** The spelling of the documentation, and two more that the code of the official clients accepts. */
const ignoreSslCertsSpellings: readonly string[] = ['ignoreSslCerts', 'ignoreSSLCerts', 'ignoreSSL'];
const keyProperties: readonly string[] = [...clientKeyProperties, ...passwordProperties];
const documented: readonly string[] = [
  'regionId',
  'vpc',
  'endpoint',
  'caFilePath',
  'ca',
  'ignoreSslCerts',
  ...keyProperties,
];

/** Every property that an endpoint may have. */
export const endpointProperties: ReadonlySet<string> = new Set([...documented, ...ignoreSslCertsSpellings]);

/** The row of the option `endpoints`. */
export function endpointsRow(): OptionRow<readonly (EndpointAddress | SecretTransport)[]> {
  return custom<readonly (EndpointAddress | SecretTransport)[]>({
    default: [],
    expected: 'a list with at least one endpoint',
    example: endpointExample,
    parse(value) {
      if (!Array.isArray(value) || value.length === 0) return undefined;
      const results = value.map((entry, index) => parseEndpointEntry(entry, `[${index}]`));
      const issues = results.flatMap((result) => ('issues' in result ? result.issues : []));
      if (issues.length > 0) return { issues };
      return { value: results.flatMap((result) => ('value' in result ? [result.value] : [])) };
    },
  });
}

export function isTransport(entry: unknown): entry is SecretTransport {
  return typeof entry === 'object' && entry !== null && 'fetch' in entry && typeof entry.fetch === 'function';
}

function parseEndpointEntry(entry: unknown, at: string): ParseResult<EndpointAddress | SecretTransport> {
  if (isTransport(entry)) return { value: entry };
  if (typeof entry === 'string') {
    const property = /[.:/]/u.test(entry) ? 'endpoint' : 'regionId';
    return new EndpointParser(new Map([[property, entry]]), at).parse();
  }
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { issues: [{ at, got: describeValue(entry), expected: expectedEntry, example: endpointExample }] };
  }
  return new EndpointParser(new Map(Object.entries(entry)), at).parse();
}

/** Parses the properties of one endpoint and collects every mistake in them. */
class EndpointParser {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #at: string;
  readonly #issues: ParseIssue[] = [];

  constructor(fields: ReadonlyMap<string, unknown>, at: string) {
    this.#fields = fields;
    this.#at = at;
  }

  parse(): ParseResult<EndpointAddress> {
    this.#rejectUnknown();
    const host = this.#host();
    const ignoreSslCerts = ignoreSslCertsSpellings.map((spelling) => this.#flag(spelling)).includes(true);
    const caFilePath = this.#string('caFilePath');
    const ca = this.#ca();
    const clientKey = this.#clientKey();
    if (host === undefined && this.#issues.length === 0) {
      this.#issues.push({ at: this.#at, got: 'neither', expected: 'regionId or endpoint', example: endpointExample });
    }
    if (host === undefined || this.#issues.length > 0) return { issues: this.#issues };
    const address = { host, caFilePath, ignoreSslCerts, ...(ca === undefined ? {} : { ca }) };
    return { value: clientKey === undefined ? address : { ...address, clientKey } };
  }

  #ca(): string | undefined {
    const ca = this.#string('ca');
    if (ca === undefined) return undefined;
    if (this.#isSet('caFilePath')) this.#reject('ca', { expected: 'only one of caFilePath, ca' });
    if (!ca.includes('-----BEGIN ')) this.#reject('ca', { expected: 'the text of a PEM file, not its path' });
    return ca;
  }

  #rejectUnknown(): void {
    for (const key of this.#fields.keys()) {
      if (endpointProperties.has(key)) continue;
      this.#reject(key, { expected: `one of ${documented.join(', ')}${suggestion(key, documented)}` });
    }
  }

  /** The host that is named, or that of the region. */
  #host(): string | undefined {
    const regionId = this.#string('regionId');
    const vpc = this.#flag('vpc');
    const endpoint = this.#string('endpoint');
    // Beside a host it is only a label.
    if (endpoint === undefined && regionId !== undefined && !/^[a-z0-9-]+$/u.test(regionId)) {
      this.#reject('regionId', { got: describeValue(regionId), expected: 'a region id', example: 'cn-hangzhou' });
    }
    if (endpoint === undefined) return regionId && `kms${vpc ? '-vpc' : ''}.${regionId}.aliyuncs.com`;
    const host = parseHost(endpoint);
    if (host === undefined) {
      const isPlain = /^[\w.:/-]{1,80}$/u.test(endpoint) && endpoint.includes('.');
      const got = isPlain ? `"${endpoint}"` : describeKind(endpoint);
      this.#reject('endpoint', { got, expected: expectedHost, example: 'kms.cn-hangzhou.aliyuncs.com' });
    }
    return host;
  }

  #clientKey(): ClientKeySource | undefined {
    if (!keyProperties.some((key) => this.#isSet(key))) return undefined;
    if (this.#isSet('regionId') && !this.#isSet('endpoint')) {
      const expected = 'the host of the KMS instance that the client key belongs to';
      this.#reject('endpoint', { expected, example: 'kst-….cryptoservice.kms.aliyuncs.com' });
    }
    const result = parseClientKeySource(this.#fields, this.#at);
    if ('value' in result) return result.value;
    this.#issues.push(...result.issues);
    return undefined;
  }

  #isSet(key: string): boolean {
    return (this.#fields.get(key) ?? '') !== '';
  }

  #string(key: string): string | undefined {
    const value = this.#fields.get(key);
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string') return value;
    this.#reject(key, { got: describeValue(value), expected: 'a string' });
    return undefined;
  }

  #flag(key: string): boolean {
    const result = flag({ default: false }).parse(this.#fields.get(key) ?? false);
    if ('value' in result) return result.value;
    for (const issue of result.issues) this.#reject(key, issue);
    return false;
  }

  #reject(key: string, issue: ParseIssue): void {
    this.#issues.push({ ...issue, at: `${this.#at}.${key}` });
  }
}

/** Accepts `https://host/` too, as the files of other clients have it. */
function parseHost(endpoint: string): string | undefined {
  const host = endpoint
    .trim()
    .replace(/^https:\/\//iu, '')
    .replace(/\/$/u, '');
  const match = /^(?:\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(?<port>\d{1,5}))?$/iu.exec(host);
  if (match === null || Number(match.groups?.['port'] ?? 1) > 65_535) return undefined;
  // A host that ends in a number must be an IP address; `300.300.300.300` is not.
  if (!URL.canParse(`https://${host}`)) return undefined;
  return host.toLowerCase().replace(/:443$/u, '');
}
