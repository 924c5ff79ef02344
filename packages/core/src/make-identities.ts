import { readClientKeyMaterial } from './config/client-key-material.ts';
import type { ClientKeyRequest } from './config/client-key-material.ts';
import { defaultSourceWarnings, findDefaultSources, readStsDefaults } from './config/default-sources.ts';
import type { ConfigurationMachine } from './config/environment.ts';
import { proxyFor } from './config/proxy.ts';
import { isInFile, isQuoted } from './config/text-source.ts';
import { alicloudCredentials } from './credentials/alicloud.ts';
import type { AlicloudIdentity } from './credentials/alicloud.ts';
import { ClientKeyError } from './credentials/client-key-error.ts';
import { openClientKey } from './credentials/client-key.ts';
import type { ClientKeyFile } from './credentials/client-key.ts';
import { reloadedClientKey } from './credentials/reloaded-client-key.ts';
import { reloadedCredentials } from './credentials/reloaded-credentials.ts';
import { identityName } from './credentials/token-identity.ts';
import { sharedProvider } from './credentials/shared-provider.ts';
import type { ClientKeySource } from './options/client-key-source.ts';
import type { DefaultSource } from './options/default-source.ts';
import type { ExpiryMonitor } from './endpoint/expiry-monitor.ts';
import { isTransport } from './options/endpoints.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { GuardedLogger } from './ports/logger.ts';
import type { ClientKey, ClientKeyProvider, HoldingProvider } from './ports/credentials.ts';
import type { ConfigurationIssue } from './secret/errors.ts';
import type { OpenApiIdentity } from './transports/openapi/openapi-transport.ts';

/** What transports and their identities are made from. */
export interface IdentityRequest {
  readonly machine: ConfigurationMachine;
  readonly options: ResolvedOptions;
  /** Where each option was set. */
  readonly sources: ReadonlyMap<string, string>;
  /** Reads the environment and the configuration file again. Returns `undefined` if they are invalid now. */
  readonly readOptions: () => ResolvedOptions | undefined;
  /** Errors and warnings are added here. */
  readonly issues: ConfigurationIssue[];
  readonly warnings: string[];
  /** For what happens later. */
  readonly logger: GuardedLogger;
  readonly expiry: Pick<ExpiryMonitor, 'track' | 'renewed'>;
}

/** A client key that expires within this time (ms) is logged as a warning, early enough to create a new one. */
const clientKeyNotice = 30 * 86_400_000;

/** Makes credentials providers and client keys. They follow the files that they come from. */
export class IdentityFactory {
  readonly #context: IdentityRequest;
  #shared: { readonly value: OpenApiIdentity | undefined } | undefined;

  constructor(context: IdentityRequest) {
    this.#context = context;
  }

  /** The identity of all endpoints that have no client key of their own. Made for the first of them. */
  shared(): OpenApiIdentity | undefined {
    this.#shared ??= { value: this.#makeShared() };
    return this.#shared.value;
  }

  /** The client key of the endpoint `host`. If there is an error, it is added to the issues. */
  clientKeyOf(host: string, request: ClientKeyRequest): ClientKeyProvider | undefined {
    return this.#clientKey(request, ({ endpoints }) => {
      const endpoint = endpoints.find((candidate) => !isTransport(candidate) && candidate.host === host);
      return endpoint === undefined || isTransport(endpoint) ? undefined : endpoint.clientKey;
    });
  }

  #makeShared(): OpenApiIdentity | undefined {
    const { options, sources } = this.#context;
    const { credentials, clock } = options;
    const source = sources.get('credentials') ?? 'default';
    if ('getCredential' in credentials) {
      return {
        credentials: sharedProvider(credentials, clock),
        describeIdentity: () => identityText('a provider', source),
      };
    }
    if (credentials.type !== 'client_key') return this.#credentials(credentials, source);
    const clientKey = this.#clientKey({ from: credentials, key: 'credentials', source }, (read) =>
      isClientKey(read.credentials) ? read.credentials : undefined,
    );
    return clientKey && { clientKey, describeIdentity: () => clientKeyText(clientKey, source) };
  }

  #credentials(identity: AlicloudIdentity, source: string): OpenApiIdentity {
    const { machine, options, readOptions, logger, warnings, expiry } = this.#context;
    const { clock } = options;
    if (identity.type === 'default') warnings.push(...defaultSourceWarnings(machine, clock.date()));
    // An invalid proxy variable is reported with the endpoints.
    const resolveProxy = (host: string): URL | undefined => proxyFor(host, machine.environment).proxy;
    const findSources = (): readonly DefaultSource[] => findDefaultSources(machine, clock.date());
    let name = nameOfIdentity(identity);
    const onSelected = (selected: DefaultSource): void => {
      name = `the default credentials chain (${selected.name})`;
    };
    const create = (from: AlicloudIdentity): HoldingProvider => {
      const stsDefaults = readStsDefaults(machine);
      name = nameOfIdentity(from);
      return alicloudCredentials(from, {
        clock,
        resolveProxy,
        stsDefaults,
        findDefaultSources: findSources,
        onSelected,
        onRenewal: (credentials, renewal) => expiry.renewed(credentials, renewal),
      });
    };
    const describeIdentity = (): string => identityText(name, source);
    if (!isInFile(source)) return { credentials: create(identity), describeIdentity };
    const credentials = reloadedCredentials({
      identity,
      create,
      clock,
      read() {
        const current = readOptions()?.credentials;
        if (current === undefined || 'getCredential' in current || isClientKey(current)) return undefined;
        // A file that is removed or has lost its credentials leaves the default chain, which the file never chose.
        return current.type === 'default' ? undefined : current;
      },
      onReplaced: () => logger.info(`The credentials in the configuration file have changed (${source}).`),
    });
    return { credentials, describeIdentity };
  }

  /** `select` finds the source of the client key in options that were read again. */
  #clientKey(
    request: ClientKeyRequest,
    select: (options: ResolvedOptions) => ClientKeySource | undefined,
  ): ClientKeyProvider | undefined {
    const { machine, options, issues, warnings, readOptions, logger } = this.#context;
    const { key, source } = request;
    const material = readClientKeyMaterial(request, machine);
    const { json, password } = material;
    issues.push(...material.issues);
    warnings.push(...material.warnings);
    if (json === undefined || password === undefined) return undefined;
    const file: ClientKeyFile = { json, password };
    const clientKey = this.#open(file, request);
    if (clientKey === undefined) return undefined;
    warnings.push(...this.#expiryWarnings(clientKey, request));
    this.#trackExpiry(clientKey, request);
    return reloadedClientKey({
      clientKey,
      file,
      clock: options.clock,
      read: () => {
        const current = isInFile(source) ? readOptions() : undefined;
        const from = (current && select(current)) ?? request.from;
        return fileOrProblem(readClientKeyMaterial({ ...request, from }, machine));
      },
      onReplaced: (replacement) => {
        logger.info(`The client key of ${key} (${source}) was replaced in its file: it is now ${replacement.keyId}.`);
        for (const warning of this.#expiryWarnings(replacement, request)) logger.warn(warning);
        this.#trackExpiry(replacement, request);
      },
      onInvalid: (problem) =>
        logger.warn(
          `The client key of ${key} (${source}) cannot be read again: ${problem} The previous one stays in use.`,
        ),
    });
  }

  #open(file: ClientKeyFile, { key, source }: ClientKeyRequest): ClientKey | undefined {
    try {
      return openClientKey(file);
    } catch (error) {
      if (!(error instanceof ClientKeyError)) throw error;
      // `docker --env-file` keeps quotes. They are not removed, because a password may have them.
      const hint = isQuoted(file.password) ? ' The password has quotes around it.' : '';
      const got = error.message + hint;
      this.#context.issues.push({ key, source, got, expected: 'a client key and its password' });
      return undefined;
    }
  }

  /** For what the warnings at the start do not report: an expiry while the process runs. */
  #trackExpiry({ expiresAt }: ClientKey, { key, source }: ClientKeyRequest): void {
    if (expiresAt === undefined) return;
    const name = `client key of ${key} (${source})`;
    this.#context.expiry.track({ kind: 'clientKey', name, expiresAt }, { isLogged: true });
  }

  #expiryWarnings({ expiresAt }: ClientKey, { key, source }: ClientKeyRequest): readonly string[] {
    if (expiresAt === undefined) return [];
    const remaining = expiresAt - this.#context.options.clock.date();
    if (remaining >= clientKeyNotice) return [];
    const date = new Date(expiresAt).toISOString().slice(0, 10);
    const verb = remaining < 0 ? 'expired' : 'expires';
    return [`The client key of ${key} (${source}) ${verb} on ${date}.`];
  }
}

/** What a message says about the identity that KMS rejected: which one it is, and where it was set. Contains no secret. */
function identityText(name: string, source: string): string {
  if (source === 'option') return `Identity: ${name}, set by the option credentials.`;
  // Without settings, it is the default.
  if (source === 'default') return `Identity: ${name}.`;
  return `Identity: ${name}, set by ${isInFile(source) ? source : `the variable ${source}`}.`;
}

export function clientKeyText(provider: ClientKeyProvider, source: string): string {
  return identityText(`client key ${provider.getClientKey().keyId}`, source);
}

function nameOfIdentity(identity: AlicloudIdentity): string {
  switch (identity.type) {
    case 'ak':
      return 'access key';
    case 'sts':
      return 'temporary access key with a security token, which this client cannot renew';
    case 'default':
      return 'the default credentials chain';
    case 'ram_role':
    case 'ecs_ram_role':
    case 'oidc_role_arn':
    case 'credentials_uri':
      return identityName(identity);
    default:
      return identity satisfies never;
  }
}

function isClientKey(
  credentials: ResolvedOptions['credentials'],
): credentials is ClientKeySource & { readonly type: 'client_key' } {
  return 'type' in credentials && credentials.type === 'client_key';
}

function fileOrProblem({ json, password, issues }: ReturnType<typeof readClientKeyMaterial>): ClientKeyFile | string {
  if (json !== undefined && password !== undefined) return { json, password };
  return issues
    .map(({ key, expected, got }) => `${key}: expected ${expected}${got === undefined ? '' : `, got ${got}`}.`)
    .join(' ');
}
