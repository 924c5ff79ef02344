// What `createSecretClient` would do with the same options, as parts that can be examined one by one: for the command line.

import type { ConfigurationMachine } from './config/environment.ts';
import { collectSettings } from './config/settings.ts';
import { missingEndpoints, readFileAgain } from './create-client.ts';
import type { ExpiringItem } from './endpoint/expiry-monitor.ts';
import { IdentityFactory } from './make-identities.ts';
import { makeEndpoints } from './make-transports.ts';
import type { MadeEndpoint } from './make-transports.ts';
import { conflictsIn } from './options/conflicts.ts';
import { optionTable } from './options/option-table.ts';
import type { ResolvedOptions, SecretClientOptions } from './options/options.ts';
import { resolve } from './options/resolve.ts';
import type { CredentialsRenewal } from './ports/credentials.ts';
import { guardedLogger } from './ports/logger.ts';
import type { ConfigurationIssue } from './secret/errors.ts';
import { FetchFailure } from './ports/transport.ts';
import { loadModule } from './secret/module-error.ts';
import { decodeSecretPage, listSecretsRequest, pageSize } from './transports/openapi/list-secrets.ts';
import type { ListedSecret, SecretPage } from './transports/openapi/list-secrets.ts';
import type { OpenApiIdentity } from './transports/openapi/openapi-transport.ts';

export { describeCertificateError } from './transports/https/certificate-error.ts';
export { connectAdvice } from './transports/https/advice.ts';

/** The configuration of a client, without a client. */
export interface ClientInspection {
  readonly options: ResolvedOptions;
  /** Where each option that is not a default was set. */
  readonly sources: ReadonlyMap<string, string>;
  /** Every error; `createSecretClient` would throw a `ConfigurationError` with them. */
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
  /** The variables and the file that were searched, as a phrase. */
  readonly searched: string;
  /** The endpoints without an error. */
  readonly endpoints: readonly MadeEndpoint[];
  /** The identity of the endpoints that have no client key of their own; `undefined` if it has an error. */
  readonly identity: OpenApiIdentity | undefined;
  /** Client keys and certificate authorities. */
  readonly expiring: readonly ExpiringItem[];
  /** The requests for temporary credentials so far, by the name of the credentials. */
  readonly renewals: ReadonlyMap<string, CredentialsRenewal>;
}

/** Reads the configuration as `createSecretClient` does. Sends no request. Throws nothing for an invalid configuration. */
export function inspectClient(machine: ConfigurationMachine, options: SecretClientOptions): ClientInspection {
  const settings = collectSettings(options, machine);
  const { values, sources, issues } = resolve(optionTable, settings.layers);
  const allIssues = [...settings.issues, ...issues, ...conflictsIn(values, sources)];
  const warnings = [...settings.warnings];
  const expiring: ExpiringItem[] = [];
  const renewals = new Map<string, CredentialsRenewal>();
  const { configFile, precedence } = options;
  const context = {
    machine,
    options: values,
    sources,
    readOptions: () => readFileAgain(machine, { configFile, precedence }),
    issues: allIssues,
    warnings,
    logger: guardedLogger(values.logger),
    expiry: {
      track: (item: ExpiringItem) => void expiring.push(item),
      renewed: (name: string, renewal: CredentialsRenewal) => void renewals.set(name, renewal),
    },
  };
  const identities = new IdentityFactory(context);
  const endpoints = makeEndpoints(context, identities);
  if (values.endpoints.length === 0) allIssues.push(...missingEndpoints(allIssues, settings.searched));
  const usesShared = values.endpoints.some(
    (endpoint) => !('clientKey' in endpoint) || endpoint.clientKey === undefined,
  );
  return {
    options: values,
    sources,
    issues: allIssues,
    warnings,
    searched: settings.searched,
    endpoints,
    // After the endpoints: it is made once, and adds its errors once.
    identity: usesShared || values.endpoints.length === 0 ? identities.shared() : undefined,
    expiring,
    renewals,
  };
}

/** More secrets than an account may have. */
const maxPages = 1_000;

/** Lists the secrets of the account at an endpoint. Rejects with a `FetchFailure`, and with the reason of `signal`. */
export async function listSecrets(
  { https, transport }: MadeEndpoint,
  identity: OpenApiIdentity,
  signal: AbortSignal,
): Promise<readonly ListedSecret[]> {
  const { endpoint } = transport;
  if (https === undefined) throw new FetchFailure('rejected', `${endpoint} is a transport that cannot list secrets.`);
  const { OpenApiTransport } = await loadModule(() => import('./transports/loaded-by-first-fetch.ts'));
  const openApi = new OpenApiTransport({ ...https, ...identity });
  const secrets: ListedSecret[] = [];
  try {
    for (let page = 1; page <= maxPages; page += 1) {
      const decode = (body: Buffer): SecretPage => decodeSecretPage(body, endpoint);
      const result = await openApi.call({ signal, action: () => listSecretsRequest(page), decode });
      secrets.push(...result.secrets);
      if (page * pageSize >= result.total || result.secrets.length === 0) break;
    }
    return secrets;
  } finally {
    openApi.close();
  }
}
