import { SecretClient } from './client.ts';
import { readCaFile } from './config/ca-file.ts';
import { machine } from './config/environment.ts';
import type { ConfigurationMachine } from './config/environment.ts';
import { proxyFor } from './config/proxy.ts';
import { gatherSettings } from './config/sources.ts';
import { alicloudCredentials } from './credentials/alicloud.ts';
import { sharedProvider } from './credentials/shared-provider.ts';
import type { CredentialsProvider } from './credentials.ts';
import { isTransport } from './endpoints.ts';
import type { EndpointAddress } from './endpoints.ts';
import { ConfigurationError } from './errors.ts';
import type { ConfigurationIssue } from './errors.ts';
import { guardedLogger } from './logger.ts';
import { kindOf, resolve } from './option-rows.ts';
import { optionTable } from './options.ts';
import type { ResolvedOptions, SecretClientOptions } from './options.ts';
import type { SecretTransport } from './transport.ts';
import { OpenApiTransport } from './transports/openapi/openapi-transport.ts';

export type { SecretClient } from './client.ts';

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
      { key: 'options', source: 'option', got: kindOf(options), expected: 'an object, or nothing' },
    ]);
  }
  const settings = gatherSettings(options, on);
  const { values, sources, issues } = resolve(optionTable, settings.layers);
  const found = [...settings.issues, ...issues];
  const join: Join = { on, values, warnings: [...settings.warnings], issues: found };
  const credentials = credentialsOf(join);
  const [first, ...standbys] = values.endpoints.map((endpoint, index) => {
    if (isTransport(endpoint)) return endpoint;
    const place = { key: `endpoints[${index}]`, source: sources.get('endpoints') ?? 'option' };
    return openApiTransport(endpoint, credentials, { ...join, ...place });
  });
  if (first === undefined) {
    found.push(...unlessTold(found));
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
  readonly issues: ConfigurationIssue[];
  readonly warnings: string[];
}

/** What must be set somewhere, as it is told when it is set nowhere. Without credentials there is the default chain. */
const neededEndpoints = {
  expected: 'at least one region or host where KMS is asked',
  example: 'cache_client_region_id=[{"regionId":"cn-hangzhou"}]',
};

function credentialsOf({ values, issues }: Join): CredentialsProvider {
  const { credentials, clock } = values;
  if ('getCredential' in credentials) return sharedProvider(credentials, clock);
  if (credentials.type !== 'client_key') return alicloudCredentials(credentials, { clock });
  issues.push({ key: 'credentials.type', source: 'option', expected: 'another type: client keys are not joined yet' });
  return { getCredential: () => Promise.resolve({}) };
}

function openApiTransport(
  endpoint: EndpointAddress,
  credentials: CredentialsProvider,
  join: Join & { readonly key: string; readonly source: string },
): SecretTransport {
  const { on, values, issues, warnings, key, source } = join;
  const { clock, connectTimeout, maxReplyBytes } = values;
  const { proxy, issue } = proxyFor(endpoint.host, on.environment);
  // The same variable is wrong for every endpoint; once is enough.
  if (issue !== undefined && !issues.some((told) => told.key === issue.key)) issues.push(issue);
  const path = endpoint.caFilePath;
  const ca =
    path === undefined ? undefined : readCaFile({ path, key: `${key}.caFilePath`, source, date: clock.date() }, on);
  issues.push(...(ca?.issues ?? []));
  warnings.push(...(ca?.warnings ?? []));
  return new OpenApiTransport({ endpoint, credentials, clock, connectTimeout, maxReplyBytes, proxy, ca: ca?.pem });
}

/** Endpoints that are set wrongly are told as that, and not as missing too. */
function unlessTold(issues: readonly ConfigurationIssue[]): readonly ConfigurationIssue[] {
  if (issues.some(({ key }) => key.startsWith('endpoints') || key.startsWith('cache_client'))) return [];
  return [{ key: 'endpoints', source: 'option, environment and file', got: 'nothing', ...neededEndpoints }];
}

function isOptions(options: unknown): options is SecretClientOptions {
  return typeof options === 'object' && options !== null && !Array.isArray(options);
}
