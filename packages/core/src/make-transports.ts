import { readCaFile, readCaText } from './config/ca-file.ts';
import { proxyFor } from './config/proxy.ts';
import { clientKeyText, IdentityFactory } from './make-identities.ts';
import type { IdentityRequest } from './make-identities.ts';
import { isTransport } from './options/endpoints.ts';
import type { EndpointAddress } from './options/endpoints.ts';
import { isInstanceHost } from './options/kms-host.ts';
import type { BatchingTransport } from './endpoint/batching-transport.ts';
import { lazyBatchTransport, lazyTransport } from './transports/lazy-transport.ts';
import type { HttpsOptions } from './transports/https/channel.ts';
import { loadModule } from './secret/module-error.ts';

/** Where an endpoint was set. */
interface EndpointSource {
  readonly key: string;
  readonly source: string;
}

/** An endpoint with its transport, and how that connects. */
export interface MadeEndpoint {
  readonly transport: BatchingTransport;
  /** `undefined` for a transport of the user. */
  readonly https: HttpsOptions | undefined;
}

/** Makes a transport for each endpoint. For an endpoint with an error it makes none, and adds the error to `issues`. */
export function makeTransports(
  context: IdentityRequest,
  identities: IdentityFactory = new IdentityFactory(context),
): readonly BatchingTransport[] {
  return makeEndpoints(context, identities).map(({ transport }) => transport);
}

/** Same as `makeTransports`, with how each transport connects. */
export function makeEndpoints(context: IdentityRequest, identities: IdentityFactory): readonly MadeEndpoint[] {
  const factory = new TransportFactory(context, identities);
  const { options, sources } = context;
  const source = sources.get('endpoints') ?? 'option';
  return options.endpoints.flatMap((endpoint, index): MadeEndpoint | readonly MadeEndpoint[] => {
    if (isTransport(endpoint)) return { transport: endpoint, https: undefined };
    return factory.makeEndpoint(endpoint, { key: `endpoints[${index}]`, source }) ?? [];
  });
}

class TransportFactory {
  readonly #context: IdentityRequest;
  readonly #identities: IdentityFactory;

  constructor(context: IdentityRequest, identities: IdentityFactory) {
    this.#context = context;
    this.#identities = identities;
  }

  makeEndpoint(endpoint: EndpointAddress, at: EndpointSource): MadeEndpoint | undefined {
    const https = this.#httpsOptions(endpoint, at);
    const transport = this.#makeTransport(endpoint, at, https);
    return transport && { transport, https };
  }

  /** Uses the instance API for an endpoint with a client key, and the OpenAPI for any other. */
  #makeTransport(endpoint: EndpointAddress, at: EndpointSource, https: HttpsOptions): BatchingTransport | undefined {
    if (endpoint.clientKey === undefined) return this.#openApiTransport(endpoint, at, https);
    const clientKey = this.#identities.clientKeyOf(endpoint.host, { from: endpoint.clientKey, ...at });
    if (clientKey === undefined) return undefined;
    return lazyTransport(endpoint.host, async () => {
      const { InstanceTransport } = await loadModule(() => import('./transports/loaded-by-first-fetch.ts'));
      const describeIdentity = (): string => clientKeyText(clientKey, at.source);
      return new InstanceTransport({ ...https, clientKey, describeIdentity });
    });
  }

  #openApiTransport(
    endpoint: EndpointAddress,
    { key, source }: EndpointSource,
    https: HttpsOptions,
  ): BatchingTransport | undefined {
    const identity = this.#identities.shared();
    if (identity === undefined) return undefined;
    if ('clientKey' in identity && isInstanceHost(endpoint.host)) {
      this.#context.issues.push({
        key: `${key}.clientKeyFile`,
        source,
        got: 'a client key in credentials',
        expected: 'the client key here: a KMS instance accepts client keys only through its own API',
      });
    }
    const transport = lazyBatchTransport(endpoint.host, async () => {
      const { OpenApiTransport } = await loadModule(() => import('./transports/loaded-by-first-fetch.ts'));
      return new OpenApiTransport({ ...https, ...identity });
    });
    return { ...transport, identity: 'credentials' };
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
      keepsRequestId: options.hook?.transform !== undefined,
      ca: this.#readCa(endpoint, { key, source }),
      verifyCertificate: !endpoint.ignoreSslCerts,
    };
  }

  #readCa(
    { host, caFilePath, ca, ignoreSslCerts }: EndpointAddress,
    { key, source }: EndpointSource,
  ): string | undefined {
    const { machine, options, issues, warnings, expiry } = this.#context;
    const date = options.clock.date();
    if (caFilePath === undefined && ca === undefined) {
      if (isInstanceHost(host) && !ignoreSslCerts) {
        warnings.push(
          `${key} (${source}) has no caFilePath. The certificate of ${host} is issued by the CA of the KMS instance, which Node.js does not trust: reads fail, unless NODE_EXTRA_CA_CERTS contains it. Download it in the KMS console under Instances, Instance CA Certificate (PrivateKmsCA_kst-….pem), and set caFilePath. The clients of the second generation contain these CAs; this client does not.`,
        );
      }
      return undefined;
    }
    const { pem, expiresAt, ...read } =
      caFilePath === undefined
        ? readCaText({ pem: ca ?? '', key: `${key}.ca`, source, date })
        : readCaFile({ path: caFilePath, key: `${key}.caFilePath`, source, date }, machine);
    issues.push(...read.issues);
    warnings.push(...read.warnings);
    // An expired one is in the warnings.
    if (expiresAt !== undefined) {
      const name = `CA certificate of ${key} (${source})`;
      expiry.track({ kind: 'ca', name, expiresAt }, { isLogged: expiresAt <= date });
    }
    return pem;
  }
}
