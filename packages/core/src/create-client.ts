import { SecretClient } from './client/client.ts';
import { readCaFile } from './config/ca-file.ts';
import { machine } from './config/environment.ts';
import { readClientKeyTexts } from './config/client-key-texts.ts';
import type { ClientKeyRequest } from './config/client-key-texts.ts';
import type { ConfigurationMachine } from './config/environment.ts';
import { proxyFor } from './config/proxy.ts';
import { gatherSettings } from './config/sources.ts';
import { alicloudCredentials } from './credentials/alicloud.ts';
import { sharedProvider } from './credentials/shared-provider.ts';
import { ClientKeyError } from './credentials/client-key-error.ts';
import { openClientKey } from './credentials/client-key.ts';
import type { ClientKey } from './ports/credentials.ts';
import { isTransport } from './options/endpoints.ts';
import type { EndpointAddress } from './options/endpoints.ts';
import { ConfigurationError } from './secret/errors.ts';
import type { ConfigurationIssue } from './secret/errors.ts';
import { guardedLogger } from './ports/logger.ts';
import { conflictsIn } from './options/conflicts.ts';
import { describeKind } from './options/redact.ts';
import { resolve } from './options/resolve.ts';
import { optionTable } from './options/option-table.ts';
import type { ResolvedOptions, SecretClientOptions } from './options/options.ts';
import type { SecretTransport } from './ports/transport.ts';
import { lazyBatchTransport, lazyTransport } from './transports/lazy-transport.ts';
import type { OpenApiIdentity } from './transports/openapi/openapi-transport.ts';

export type { SecretClient } from './client/client.ts';
export type { EntryLocation, Envelope, EnvelopeMessage, SecretEntry, UnsealFailure } from './seal/envelope.ts';
export { fileStore } from './file-store/file-store.ts';
export type { FileStoreOptions } from './file-store/file-store.ts';
export { createKeyring } from './seal/keyring.ts';
export type { Keyring, KeyringOptions, SealingKey } from './seal/keyring.ts';
export { sdkTransport } from './transports/sdk/sdk-transport.ts';
export type { RpcClient, RpcRequest, RpcRuntime, SdkTransportOptions } from './transports/sdk/sdk-transport.ts';

/**
 * Creates a client from what is set in code, in the environment and in `secretsmanager.properties`. Nothing is asked of KMS
 * before the first read or `ready()`.
 *
 * Throws `ConfigurationError`, which lists every mistake at once.
 */
export function createSecretClient(options: SecretClientOptions = {}): SecretClient {
  return createSecretClientOn(machine, options);
}

/** As `createSecretClient`, on a machine of a test's choice. */
export function createSecretClientOn(on: ConfigurationMachine, options: SecretClientOptions): SecretClient {
  if (!isOptions(options)) {
    throw new ConfigurationError([
      { key: 'options', source: 'option', got: describeKind(options), expected: 'an object, or nothing' },
    ]);
  }
  const settings = gatherSettings(options, on);
  const { values, sources, issues } = resolve(optionTable, settings.layers);
  const found = [...settings.issues, ...issues, ...conflictsIn(values, sources)];
  let identity: { readonly of: OpenApiIdentity | undefined } | undefined;
  const join: Join = {
    on,
    values,
    sources,
    warnings: [...settings.warnings],
    issues: found,
    // Looked at only if an endpoint wants it, and once.
    identity: () => (identity ??= { of: identityOf(join) }).of,
  };
  const [first, ...standbys] = values.endpoints.flatMap((endpoint, index) => {
    if (isTransport(endpoint)) return [endpoint];
    const place = { key: `endpoints[${index}]`, source: sources.get('endpoints') ?? 'option' };
    return transportOf(endpoint, { ...join, ...place }) ?? [];
  });
  if (first === undefined) {
    if (values.endpoints.length === 0) found.push(...unlessTold(found));
    throw new ConfigurationError(found);
  }
  if (found.length > 0) throw new ConfigurationError(found);
  const logger = guardedLogger(values.logger);
  for (const warning of join.warnings) logger.warn(warning);
  logger.info(`Secret client: ${[...sources].map(([option, source]) => `${option} from ${source}`).join(', ')}.`);
  return new SecretClient({ options: values, transports: [first, ...standbys] });
}

/** What is joined, and what is found wrong or odd on the way. */
interface Join {
  readonly on: ConfigurationMachine;
  readonly values: ResolvedOptions;
  readonly sources: ReadonlyMap<string, string>;
  readonly identity: () => OpenApiIdentity | undefined;
  readonly issues: ConfigurationIssue[];
  readonly warnings: string[];
}

interface Place {
  readonly key: string;
  readonly source: string;
}

/** What must be set somewhere, as it is told when it is set nowhere. Without credentials there is the default chain. */
const neededEndpoints = {
  expected: 'at least one region or host where KMS is asked',
  example: 'cache_client_region_id=[{"regionId":"cn-hangzhou"}]',
};

/** Who asks where an endpoint has no client key of its own; a client key that could not be read is an issue, and nobody. */
function identityOf(join: Join): OpenApiIdentity | undefined {
  const { credentials, clock } = join.values;
  const source = join.sources.get('credentials') ?? 'option';
  if ('getCredential' in credentials) return { credentials: sharedProvider(credentials, clock) };
  if (credentials.type !== 'client_key') {
    // A proxy that cannot be used is told with the endpoints.
    const proxyTo = (host: string): URL | undefined => proxyFor(host, join.on.environment).proxy;
    return { credentials: alicloudCredentials(credentials, { clock, resolveProxy: proxyTo }) };
  }
  const clientKey = clientKeyOf({ from: credentials, key: 'credentials', source }, join);
  return clientKey && { clientKey };
}

/** Warned about this long before a client key ends: in time to have a new one made. */
const clientKeyNotice = 30 * 86_400_000;

function clientKeyOf(request: ClientKeyRequest, { on, values, issues, warnings }: Join): ClientKey | undefined {
  const { json, password, ...read } = readClientKeyTexts(request, on);
  issues.push(...read.issues);
  warnings.push(...read.warnings);
  if (json === undefined || password === undefined) return undefined;
  const { key, source } = request;
  try {
    const clientKey = openClientKey({ json, password });
    const left = (clientKey.expiresAt ?? Number.POSITIVE_INFINITY) - values.clock.date();
    if (left < clientKeyNotice) {
      const when = new Date(clientKey.expiresAt ?? 0).toISOString().slice(0, 10);
      warnings.push(`The client key of ${key} (${source}) ${left < 0 ? 'expired' : 'expires'} on ${when}.`);
    }
    return clientKey;
  } catch (problem) {
    if (!(problem instanceof ClientKeyError)) throw problem;
    issues.push({ key, source, got: problem.message, expected: 'a client key and its password' });
    return undefined;
  }
}

/** By the API of KMS instances where the endpoint has a client key, else by the OpenAPI. */
function transportOf(endpoint: EndpointAddress, join: Join & Place): SecretTransport | undefined {
  const { on, values, issues, warnings, key, source } = join;
  const { clock, connectTimeout } = values;
  const { caFilePath: path, ignoreSslCerts } = endpoint;
  const { proxy, issue } = proxyFor(endpoint.host, on.environment);
  // The same variable is wrong for every endpoint; once is enough.
  if (issue !== undefined && !issues.some((told) => told.key === issue.key)) issues.push(issue);
  const ca =
    path === undefined ? undefined : readCaFile({ path, key: `${key}.caFilePath`, source, date: clock.date() }, on);
  issues.push(...(ca?.issues ?? []));
  warnings.push(...(ca?.warnings ?? []));
  if (ignoreSslCerts) {
    warnings.push(
      `The certificate of ${endpoint.host} is not checked (${key}.ignoreSslCerts, ${source}): anybody in between can read the secrets.`,
    );
  }
  const https = {
    endpoint,
    clock,
    connectTimeout,
    proxy,
    ca: ca?.pem,
    verifyCertificate: !ignoreSslCerts,
  };
  if (endpoint.clientKey !== undefined) {
    const clientKey = clientKeyOf({ from: endpoint.clientKey, key, source }, join);
    if (clientKey === undefined) return undefined;
    return lazyTransport(endpoint.host, async () => {
      const { InstanceTransport } = await import('./transports/instance/instance-transport.ts');
      return new InstanceTransport({ ...https, clientKey });
    });
  }
  const identity = join.identity();
  if (identity !== undefined && 'clientKey' in identity && instanceHost.test(endpoint.host)) {
    const expected = 'the client key of this KMS instance, here: instances take client keys by their own API alone';
    issues.push({ key: `${key}.clientKeyFile`, source, got: 'a client key in credentials', expected });
  }
  if (identity === undefined) return undefined;
  return lazyBatchTransport(endpoint.host, async () => {
    const { OpenApiTransport } = await import('./transports/openapi/openapi-transport.ts');
    return new OpenApiTransport({ ...https, ...identity });
  });
}

const instanceHost = /\.cryptoservice\.kms\.aliyuncs\.com(?::\d+)?$/u;

/** Endpoints that are set wrongly are told as that, and not as missing too. */
function unlessTold(issues: readonly ConfigurationIssue[]): readonly ConfigurationIssue[] {
  if (issues.some(({ key }) => key.startsWith('endpoints') || key.startsWith('cache_client'))) return [];
  return [{ key: 'endpoints', source: 'option, environment and file', got: 'nothing', ...neededEndpoints }];
}

function isOptions(options: unknown): options is SecretClientOptions {
  return typeof options === 'object' && options !== null && !Array.isArray(options);
}
