import type { CredentialsProvider as LibraryProvider } from '@alicloud/credentials';
import type { Clock } from '../time/clock.ts';
import type { Credentials } from '../ports/credentials.ts';
import type { OidcRoleIdentity, RamRoleIdentity } from '../options/identity.ts';
import type { HttpLogEntry } from './http-log.ts';
import { logRequests } from './http-log.ts';
import { tokenFailure } from './token-failure.ts';
import type { SessionIdentity } from './token-identity.ts';
import { describeIdentity } from './token-identity.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { routeThroughProxy } from './provider-proxy.ts';
import type { ProxyResolver } from './provider-proxy.ts';

/** A provider that has sessions. `refresher` asks for one, past the library's own cache, which asks too often (and several times at once). */
export interface SessionProvider {
  refresher(): Promise<{
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
    readonly securityToken: string;
    readonly expiration: string;
  }>;
}

/** Shorter than the library's own (5 and 10 s): two tries must fit into a read. */
const timeouts = { connect: 2_000, read: 5_000 };

export interface TokenProviderOptions {
  readonly clock: Clock;
  /** Sees each provider of the library before it is used: a test sets its `doRequest`. */
  readonly prepare?: ((provider: object) => void) | undefined;
  /** None, where requests are to go straight to their hosts. */
  readonly resolveProxy?: ProxyResolver | undefined;
}

/** Asks once, with a provider of its own: what one request leaves behind in it cannot spoil the next. */
export async function fetchCredentials(
  identity: SessionIdentity,
  parts: TokenProviderOptions,
): Promise<IssuedCredentials> {
  const asked = {
    subject: describeIdentity(identity),
    tokenFile: identity.type === 'oidc_role_arn' ? identity.oidcTokenFilePath : undefined,
  };
  const exchanges: HttpLogEntry[] = [];
  try {
    const provider = await open(identity);
    parts.prepare?.(provider);
    routeThroughProxy(provider, { proxyTo: parts.resolveProxy, clock: parts.clock });
    logRequests(provider, exchanges);
    return await fetchSession(provider, exchanges, parts.clock);
  } catch (error) {
    throw tokenFailure(error, exchanges, { ...asked, date: parts.clock.date() });
  }
}

/** One session of a provider that is watched. */
export async function fetchSession(
  provider: SessionProvider,
  exchanges: readonly HttpLogEntry[],
  clock: Clock,
): Promise<IssuedCredentials> {
  const { accessKeyId, accessKeySecret, securityToken, expiration } = await provider.refresher();
  const credentials = { accessKeyId, accessKeySecret, securityToken };
  return { credentials, lifetime: lifetimeOf(expiration, exchanges.at(-1)?.date ?? clock.date()) };
}

/** By the clock of whoever issued them, where the answer has a date. */
export function lifetimeOf(expiration: unknown, date: number): number | undefined {
  const end = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  return Number.isNaN(end) ? undefined : Math.max(end - date, 0);
}

async function open(identity: SessionIdentity): Promise<SessionProvider> {
  const library = await import('@alicloud/credentials');
  switch (identity.type) {
    case 'ram_role': {
      const builder = library.RAMRoleARNCredentialsProvider.builder();
      builder.withCredentialsProvider(keyPairProvider(identity)).withRoleArn(identity.roleArn);
      if (identity.externalId !== undefined) builder.withExternalId(identity.externalId);
      return withStsOptions(builder, identity).build();
    }
    case 'oidc_role_arn': {
      const builder = library.OIDCRoleArnCredentialsProvider.builder();
      builder.withRoleArn(identity.roleArn).withOIDCProviderArn(identity.oidcProviderArn);
      builder.withOIDCTokenFilePath(identity.oidcTokenFilePath);
      return withStsOptions(builder, identity).build();
    }
    case 'ecs_ram_role': {
      const builder = library.ECSRAMRoleCredentialsProvider.builder();
      if (identity.roleName !== undefined) builder.withRoleName(identity.roleName);
      return builder.withDisableIMDSv1(identity.disableIMDSv1 ?? false).build();
    }
    case 'credentials_uri':
      return library.URICredentialsProvider.builder()
        .withCredentialsURI(identity.uri)
        .withConnectTimeout(timeouts.connect)
        .withReadTimeout(timeouts.read)
        .build();
    default:
      return identity satisfies never;
  }
}

/** Who assumes the role, in the form that the library wants; it puts the provider's name into a header. */
function keyPairProvider({ accessKeyId, accessKeySecret, securityToken = '' }: Credentials): LibraryProvider {
  const providerName = securityToken === '' ? 'static_ak' : 'static_sts';
  const credentials = { accessKeyId, accessKeySecret, securityToken, providerName };
  return { getCredentials: () => Promise.resolve(credentials), getProviderName: () => providerName };
}

interface StsBuilder {
  withRoleSessionName(name: string): unknown;
  withPolicy(policy: string): unknown;
  withDurationSeconds(seconds: number): unknown;
  withStsEndpoint(endpoint: string): unknown;
  withStsRegionId(region: string): unknown;
  withEnableVpc(enable: boolean): unknown;
  withConnectTimeout(ms: number): unknown;
  withReadTimeout(ms: number): unknown;
}

/** What is not set is not handed over: the library then takes its own default, or the environment's. */
function withStsOptions<Builder extends StsBuilder>(
  builder: Builder,
  options: RamRoleIdentity | OidcRoleIdentity,
): Builder {
  const { roleSessionName, policy, durationSeconds, stsEndpoint, stsRegionId, vpc } = options;
  if (roleSessionName !== undefined) builder.withRoleSessionName(roleSessionName);
  if (policy !== undefined) builder.withPolicy(policy);
  if (durationSeconds !== undefined) builder.withDurationSeconds(durationSeconds);
  if (stsEndpoint !== undefined) builder.withStsEndpoint(stsEndpoint);
  if (stsRegionId !== undefined) builder.withStsRegionId(stsRegionId);
  if (vpc !== undefined) builder.withEnableVpc(vpc);
  builder.withConnectTimeout(timeouts.connect);
  builder.withReadTimeout(timeouts.read);
  return builder;
}
