import type { Clock } from '../time/clock.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { HttpLogEntry } from './http-log.ts';
import { logRequests } from './http-log.ts';
import { tokenFailure } from './token-failure.ts';
import type { TokenProviderOptions, SessionProvider } from './token-providers.ts';
import { fetchSession, lifetimeOf } from './token-providers.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { routeThroughProxy } from './provider-proxy.ts';

/** A link of the library's chain: it has sessions, or reads a variable or a file. */
type ChainProvider = object & {
  getCredentials(): Promise<{
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
    readonly securityToken?: string | undefined;
  }>;
};

/**
 * Credentials from the first link of the library's default chain that has some.
 *
 * The chain is made anew each time, and its links are asked one by one: the library's own remembers a link before that has
 * succeeded, and after one total failure asks none but the last for ever (providers/default.js of 2.4.7, line 80).
 */
export async function fetchFromDefaultChain({
  clock,
  prepare,
  resolveProxy: proxyTo,
}: TokenProviderOptions): Promise<IssuedCredentials> {
  const { DefaultCredentialsProvider } = await import('@alicloud/credentials');
  const tried: ChainAttempt[] = [];
  for (const link of linksOf(DefaultCredentialsProvider.builder().build())) {
    const exchanges: HttpLogEntry[] = [];
    prepare?.(link);
    routeThroughProxy(link, { proxyTo, clock });
    logRequests(link, exchanges);
    try {
      return await issueByLink(link, exchanges, clock);
    } catch (error) {
      tried.push({ name: nameOf(link), exchanges, failure: failureOf(error, exchanges, { link, clock }) });
    }
  }
  throw chainFailure(tried);
}

interface ChainAttempt {
  readonly name: string;
  readonly exchanges: readonly HttpLogEntry[];
  readonly failure: FetchFailure;
}

/** Not part of the library's documented surface; its version is pinned, and a test reads a key through here. */
function linksOf(chain: object): readonly ChainProvider[] {
  const links: unknown = Reflect.get(chain, 'providers');
  const list: readonly ChainProvider[] = Array.isArray(links) ? links : [chain as ChainProvider]; // the chain is a link itself
  // The link by address is there also without one, and would ask https://undefined/.
  return list.filter((link) => !('credentialsURI' in link) || Boolean(link.credentialsURI));
}

async function issueByLink(
  link: ChainProvider,
  exchanges: readonly HttpLogEntry[],
  clock: Clock,
): Promise<IssuedCredentials> {
  if (isSession(link)) return fetchSession(link, exchanges, clock);
  const { accessKeyId, accessKeySecret, securityToken } = await link.getCredentials();
  const credentials =
    securityToken === undefined || securityToken === ''
      ? { accessKeyId, accessKeySecret }
      : { accessKeyId, accessKeySecret, securityToken };
  return { credentials, lifetime: lifetimeOf(expirationOf(link), clock.date()) };
}

function isSession(link: object): link is SessionProvider {
  return 'refresher' in link && typeof link.refresher === 'function';
}

/** A profile that names a role has a provider with a session inside. */
function expirationOf(link: object): unknown {
  const inner: unknown = Reflect.get(link, 'innerProvider');
  const session: unknown = typeof inner === 'object' && inner !== null ? Reflect.get(inner, 'session') : undefined;
  return typeof session === 'object' && session !== null ? Reflect.get(session, 'expiration') : undefined;
}

function nameOf(link: object): string {
  return names.get(link.constructor.name) ?? link.constructor.name;
}

const oidc = 'OIDC (RRSA)';
const names: ReadonlyMap<string, string> = new Map([
  ['EnvironmentVariableCredentialsProvider', 'the variables ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET'],
  ['OIDCRoleArnCredentialsProvider', oidc],
  ['CLIProfileCredentialsProvider', '~/.aliyun/config.json'],
  ['ProfileCredentialsProvider', '~/.alibabacloud/credentials'],
  ['ECSRAMRoleCredentialsProvider', 'ECS metadata'],
  ['URICredentialsProvider', 'ALIBABA_CLOUD_CREDENTIALS_URI'],
]);

function failureOf(
  error: unknown,
  exchanges: readonly HttpLogEntry[],
  { link, clock }: { readonly link: object; readonly clock: Clock },
): FetchFailure {
  const file: unknown = Reflect.get(link, 'oidcTokenFilePath');
  const tokenFile = typeof file === 'string' ? file : undefined;
  return tokenFailure(error, exchanges, { subject: 'The default chain', tokenFile, date: clock.date() });
}

/**
 * What of all that was tried counts: a link that was answered, or could have been. Where nobody was asked but the metadata
 * service, and that is not there, this machine simply has no identity, and asking again would not help.
 */
function chainFailure(tried: readonly ChainAttempt[]): FetchFailure {
  const isMissing = ({ name, exchanges }: ChainAttempt): boolean =>
    (exchanges.length === 0 && name !== oidc) ||
    (name === 'ECS metadata' && exchanges.every(({ status }) => status === undefined));
  const told = tried.find((one) => !isMissing(one));
  if (told !== undefined) {
    const { failure, name } = told;
    return new FetchFailure(failure.failure, `${name}: ${failure.message}`, failure);
  }
  const places = tried.map(({ name }) => name).join(', ');
  const message = `No credentials are configured, and the default chain found none. Looked for in: ${places}. Set credentials_type and its keys, or one of these.`;
  return new FetchFailure('rejected', message);
}
