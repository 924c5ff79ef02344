import { readCaFile, readCaText } from './config/ca-file.ts';
import { readClientKeyMaterial } from './config/client-key-material.ts';
import type { ClientKeyRequest } from './config/client-key-material.ts';
import type { ConfigurationMachine } from './config/environment.ts';
import { proxyFor } from './config/proxy.ts';
import { isQuoted } from './config/text-source.ts';
import { alicloudCredentials } from './credentials/alicloud.ts';
import { ClientKeyError } from './credentials/client-key-error.ts';
import { openClientKey } from './credentials/client-key.ts';
import { sharedProvider } from './credentials/shared-provider.ts';
import { isTransport } from './options/endpoints.ts';
import type { EndpointAddress } from './options/endpoints.ts';
import { isInstanceHost } from './options/kms-host.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { ClientKey } from './ports/credentials.ts';
import type { SecretTransport } from './ports/transport.ts';
import type { ConfigurationIssue } from './secret/errors.ts';
import { lazyBatchTransport, lazyTransport } from './transports/lazy-transport.ts';
import type { HttpsOptions } from './transports/https/channel.ts';
import type { OpenApiIdentity } from './transports/openapi/openapi-transport.ts';
import { loadModule } from './secret/module-error.ts';

/** What transports are made from. */
export interface TransportContext {
  readonly machine: ConfigurationMachine;
  readonly options: ResolvedOptions;
  /** Where each option was set. */
  readonly sources: ReadonlyMap<string, string>;
  /** Errors and warnings are added here. */
  readonly issues: ConfigurationIssue[];
  readonly warnings: string[];
}

/** Where an endpoint was set. */
interface EndpointSource {
  readonly key: string;
  readonly source: string;
}

/** A client key that expires within this time (ms) is logged as a warning, early enough to create a new one. */
const clientKeyNotice = 30 * 86_400_000;

/** Makes a transport for each endpoint. For an endpoint with an error it makes none, and adds the error to `issues`. */
export function makeTransports(context: TransportContext): readonly SecretTransport[] {
  const factory = new TransportFactory(context);
  const { options, sources } = context;
  const source = sources.get('endpoints') ?? 'option';
  return options.endpoints.flatMap((endpoint, index) => {
    if (isTransport(endpoint)) return [endpoint];
    return factory.makeTransport(endpoint, { key: `endpoints[${index}]`, source }) ?? [];
  });
}

class TransportFactory {
  readonly #context: TransportContext;
  #identity: { readonly value: OpenApiIdentity | undefined } | undefined;

  constructor(context: TransportContext) {
    this.#context = context;
  }

  /** Uses the instance API for an endpoint with a client key, and the OpenAPI for any other. */
  makeTransport(endpoint: EndpointAddress, at: EndpointSource): SecretTransport | undefined {
    const https = this.#httpsOptions(endpoint, at);
    if (endpoint.clientKey === undefined) return this.#openApiTransport(endpoint, at, https);
    const clientKey = this.#clientKey({ from: endpoint.clientKey, ...at });
    if (clientKey === undefined) return undefined;
    return lazyTransport(endpoint.host, async () => {
      const { InstanceTransport } = await loadModule(() => import('./transports/instance/instance-transport.ts'));
      return new InstanceTransport({ ...https, clientKey });
    });
  }

  #openApiTransport(
    endpoint: EndpointAddress,
    { key, source }: EndpointSource,
    https: HttpsOptions,
  ): SecretTransport | undefined {
    const identity = this.#sharedIdentity();
    if (identity === undefined) return undefined;
    if ('clientKey' in identity && isInstanceHost(endpoint.host)) {
      this.#context.issues.push({
        key: `${key}.clientKeyFile`,
        source,
        got: 'a client key in credentials',
        expected: 'the client key here: a KMS instance accepts client keys only through its own API',
      });
    }
    return lazyBatchTransport(endpoint.host, async () => {
      const { OpenApiTransport } = await loadModule(() => import('./transports/openapi/openapi-transport.ts'));
      return new OpenApiTransport({ ...https, ...identity });
    });
  }

  #httpsOptions(endpoint: EndpointAddress, { key, source }: EndpointSource): HttpsOptions {
    const { machine, options, issues, warnings } = this.#context;
    const { clock, connectTimeout } = options;
    const { proxy, issue } = proxyFor(endpoint.host, machine.environment);
    // An invalid proxy variable concerns every endpoint, but is reported once.
    if (issue !== undefined && !issues.some((known) => known.key === issue.key)) issues.push(issue);
    if (endpoint.ignoreSslCerts) {
      warnings.push(
        `The certificate of ${endpoint.host} is not verified (${key}.ignoreSslCerts, ${source}): anyone on the network path can read the secrets.`,
      );
    }
    return {
      endpoint,
      clock,
      connectTimeout,
      proxy,
      ca: this.#readCa(endpoint, { key, source }),
      verifyCertificate: !endpoint.ignoreSslCerts,
    };
  }

  #readCa(
    { host, caFilePath, ca, ignoreSslCerts }: EndpointAddress,
    { key, source }: EndpointSource,
  ): string | undefined {
    const { machine, options, issues, warnings } = this.#context;
    const date = options.clock.date();
    if (caFilePath === undefined && ca === undefined) {
      if (isInstanceHost(host) && !ignoreSslCerts) {
        warnings.push(
          `${key} (${source}) has no caFilePath. The certificate of ${host} is issued by the CA of the KMS instance, which Node.js does not trust: reads fail, unless NODE_EXTRA_CA_CERTS contains it. Download it in the KMS console under Instances, Instance CA Certificate (PrivateKmsCA_kst-….pem), and set caFilePath. The clients of the second generation contain these CAs; this client does not.`,
        );
      }
      return undefined;
    }
    const { pem, ...read } =
      caFilePath === undefined
        ? readCaText({ pem: ca ?? '', key: `${key}.ca`, source, date })
        : readCaFile({ path: caFilePath, key: `${key}.caFilePath`, source, date }, machine);
    issues.push(...read.issues);
    warnings.push(...read.warnings);
    return pem;
  }

  /** The identity of all endpoints that have no client key of their own. Made for the first of them. */
  #sharedIdentity(): OpenApiIdentity | undefined {
    this.#identity ??= { value: this.#makeIdentity() };
    return this.#identity.value;
  }

  #makeIdentity(): OpenApiIdentity | undefined {
    const { machine, options, sources } = this.#context;
    const { credentials, clock } = options;
    if ('getCredential' in credentials) return { credentials: sharedProvider(credentials, clock) };
    if (credentials.type !== 'client_key') {
      // An invalid proxy variable is reported with the endpoints.
      const resolveProxy = (host: string): URL | undefined => proxyFor(host, machine.environment).proxy;
      return { credentials: alicloudCredentials(credentials, { clock, resolveProxy }) };
    }
    const source = sources.get('credentials') ?? 'option';
    const clientKey = this.#clientKey({ from: credentials, key: 'credentials', source });
    return clientKey && { clientKey };
  }

  #clientKey(request: ClientKeyRequest): ClientKey | undefined {
    const { machine, issues, warnings } = this.#context;
    const { json, password, ...read } = readClientKeyMaterial(request, machine);
    issues.push(...read.issues);
    warnings.push(...read.warnings);
    if (json === undefined || password === undefined) return undefined;
    const { key, source } = request;
    try {
      const clientKey = openClientKey({ json, password });
      this.#warnOfExpiry(clientKey, request);
      return clientKey;
    } catch (error) {
      if (!(error instanceof ClientKeyError)) throw error;
      // `docker --env-file` keeps quotes. They are not removed, because a password may have them.
      const hint = isQuoted(password) ? ' The password has quotes around it.' : '';
      issues.push({ key, source, got: error.message + hint, expected: 'a client key and its password' });
      return undefined;
    }
  }

  #warnOfExpiry({ expiresAt }: ClientKey, { key, source }: EndpointSource): void {
    if (expiresAt === undefined) return;
    const remaining = expiresAt - this.#context.options.clock.date();
    if (remaining >= clientKeyNotice) return;
    const date = new Date(expiresAt).toISOString().slice(0, 10);
    const verb = remaining < 0 ? 'expired' : 'expires';
    this.#context.warnings.push(`The client key of ${key} (${source}) ${verb} on ${date}.`);
  }
}
