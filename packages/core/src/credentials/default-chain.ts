import type { Clock } from '../time/clock.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { HttpLogEntry } from './http-log.ts';
import { logRequests } from './http-log.ts';
import { tokenFailure } from './token-failure.ts';
import { fetchSession, lifetimeOf } from './session.ts';
import type { SessionProvider } from './session.ts';
import type { TokenProviderOptions } from './token-providers.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { sendOverOwnHttps } from './provider-https.ts';
import { loadModule } from '../secret/module-error.ts';

/** A provider in the library's default chain. It fetches sessions (see `SessionProvider`), or reads variables or a file. */
type ChainProvider = object & {
  getCredentials(): Promise<{
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
    readonly securityToken?: string | undefined;
  }>;
};

/**
 * Fetches credentials from the first provider in the default chain of `@alicloud/credentials` that has some.
 *
 * The chain is built for each request, and its providers are called one by one. The library's own chain stores a provider before
 * it has succeeded: after all providers have failed once, it calls only the last one (providers/default.js of 2.4.7, line 80).
 */
export async function fetchFromDefaultChain({
  clock,
  prepare,
  resolveProxy,
}: TokenProviderOptions): Promise<IssuedCredentials> {
  const { DefaultCredentialsProvider } = await loadModule(() => import('@alicloud/credentials'));
  const attempts: ChainAttempt[] = [];
  for (const provider of providersOf(DefaultCredentialsProvider.builder().build())) {
    const httpLog: HttpLogEntry[] = [];
    sendOverOwnHttps(provider, { resolveProxy, clock });
    prepare?.(provider);
    logRequests(provider, httpLog);
    try {
      return await fetchFrom(provider, httpLog, clock);
    } catch (error) {
      attempts.push({ name: nameOf(provider), httpLog, failure: providerFailure(error, httpLog, { provider, clock }) });
    }
  }
  throw chainFailure(attempts);
}

interface ChainAttempt {
  readonly name: string;
  readonly httpLog: readonly HttpLogEntry[];
  readonly failure: FetchFailure;
}

/** Reads a property that is not documented: the version of the library is pinned, and a test covers this function. */
function providersOf(chain: object): readonly ChainProvider[] {
  const providers: unknown = Reflect.get(chain, 'providers');
  // The chain itself is a provider too.
  const list: readonly ChainProvider[] = Array.isArray(providers) ? providers : [chain as ChainProvider];
  // The chain contains the URI provider even if no URI is set; it would then request https://undefined/.
  return list.filter((provider) => !('credentialsURI' in provider) || Boolean(provider.credentialsURI));
}

async function fetchFrom(
  provider: ChainProvider,
  httpLog: readonly HttpLogEntry[],
  clock: Clock,
): Promise<IssuedCredentials> {
  if (hasSessions(provider)) return fetchSession(provider, httpLog, clock);
  const { accessKeyId, accessKeySecret, securityToken } = await provider.getCredentials();
  const credentials =
    securityToken === undefined || securityToken === ''
      ? { accessKeyId, accessKeySecret }
      : { accessKeyId, accessKeySecret, securityToken };
  return { credentials, lifetime: lifetimeOf(expirationOf(provider), clock.date()) };
}

function hasSessions(provider: object): provider is SessionProvider {
  return 'refresher' in provider && typeof provider.refresher === 'function';
}

/** The provider for a profile with a role wraps a provider with a session. */
function expirationOf(provider: object): unknown {
  const inner: unknown = Reflect.get(provider, 'innerProvider');
  const session: unknown = typeof inner === 'object' && inner !== null ? Reflect.get(inner, 'session') : undefined;
  return typeof session === 'object' && session !== null ? Reflect.get(session, 'expiration') : undefined;
}

function nameOf(provider: object): string {
  return names.get(provider.constructor.name) ?? provider.constructor.name;
}

const oidc = 'OIDC (RRSA)';
const metadata = 'ECS metadata';
const names: ReadonlyMap<string, string> = new Map([
  ['EnvironmentVariableCredentialsProvider', 'ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
  ['OIDCRoleArnCredentialsProvider', oidc],
  ['CLIProfileCredentialsProvider', '~/.aliyun/config.json'],
  ['ProfileCredentialsProvider', '~/.alibabacloud/credentials'],
  ['ECSRAMRoleCredentialsProvider', metadata],
  ['URICredentialsProvider', 'ALIBABA_CLOUD_CREDENTIALS_URI'],
]);

function providerFailure(
  error: unknown,
  httpLog: readonly HttpLogEntry[],
  { provider, clock }: { readonly provider: object; readonly clock: Clock },
): FetchFailure {
  const file: unknown = Reflect.get(provider, 'oidcTokenFilePath');
  const tokenFile = typeof file === 'string' ? file : undefined;
  return tokenFailure(error, httpLog, { subject: 'The default credentials chain', tokenFile, date: clock.date() });
}

/**
 * Returns the failure of the first provider that is configured: OIDC, or one that sent a request. If only the metadata service
 * was requested and did not respond, this machine has no identity, and a retry would not help.
 */
function chainFailure(attempts: readonly ChainAttempt[]): FetchFailure {
  const isUnconfigured = ({ name, httpLog }: ChainAttempt): boolean =>
    (httpLog.length === 0 && name !== oidc) ||
    (name === metadata && httpLog.every(({ status }) => status === undefined));
  const configured = attempts.find((attempt) => !isUnconfigured(attempt));
  if (configured !== undefined) {
    const { failure, name } = configured;
    return new FetchFailure(failure.failure, `${name}: ${failure.message}`, failure);
  }
  const checked = attempts.map(({ name }) => name).join(', ');
  const message = `No credentials are configured, and the default credentials chain found none. Checked: ${checked}. Set credentials_type and its keys, or provide one of these.`;
  return new FetchFailure('rejected', message);
}
