import type { CredentialsProvider as LibraryProvider } from '@alicloud/credentials';
import type { Clock } from '../time/clock.ts';
import type { Credentials } from '../ports/credentials.ts';
import type { OidcRoleIdentity, RamRoleIdentity } from '../options/identity.ts';
import type { HttpLogEntry } from './http-log.ts';
import { logRequests } from './http-log.ts';
import { fetchSession } from './session.ts';
import type { SessionProvider } from './session.ts';
import { tokenFailure } from './token-failure.ts';
import type { SessionIdentity } from './token-identity.ts';
import { describeIdentity } from './token-identity.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { sendOverOwnChannel } from './provider-https.ts';
import type { ProxyResolver } from './provider-https.ts';
import { loadModule } from '../secret/module-error.ts';

/** Timeouts (ms). Shorter than the library's defaults (5 and 10 s), so that two attempts fit into the deadline of a read. */
const timeouts = { connect: 2_000, read: 5_000 };

/** Options of requests for temporary credentials. */
export interface TokenProviderOptions {
  readonly clock: Clock;
  /** Called with each provider of the library before its first request. Tests replace its `doRequest` here. */
  readonly prepare?: ((provider: object) => void) | undefined;
  /** Without it, all requests connect directly. */
  readonly resolveProxy?: ProxyResolver | undefined;
  /** Parameters of requests to STS that an identity does not have. Without them, the library reads variables. */
  readonly stsDefaults?: StsDefaults | undefined;
}

export type StsDefaults = Pick<RamRoleIdentity, 'roleSessionName' | 'stsRegionId' | 'vpc'>;

/**
 * Requests credentials with a new provider of `@alicloud/credentials`: a provider has state that a failed request can corrupt.
 * Rejects with a `FetchFailure`.
 */
export async function fetchCredentials(
  identity: SessionIdentity,
  { clock, prepare, resolveProxy, stsDefaults = {} }: TokenProviderOptions,
): Promise<IssuedCredentials> {
  const httpLog: HttpLogEntry[] = [];
  try {
    const provider = await createProvider(identity, stsDefaults);
    sendOverOwnChannel(provider, { resolveProxy, clock });
    prepare?.(provider);
    logRequests(provider, httpLog);
    return await fetchSession(provider, httpLog, clock);
  } catch (error) {
    throw tokenFailure(error, httpLog, {
      subject: describeIdentity(identity),
      tokenFile: identity.type === 'oidc_role_arn' ? identity.oidcTokenFilePath : undefined,
      date: clock.date(),
    });
  }
}

async function createProvider(identity: SessionIdentity, stsDefaults: StsDefaults): Promise<SessionProvider> {
  const library = await loadModule(() => import('@alicloud/credentials'));
  switch (identity.type) {
    case 'ram_role': {
      const builder = library.RAMRoleARNCredentialsProvider.builder();
      builder.withCredentialsProvider(staticProvider(identity)).withRoleArn(identity.roleArn);
      if (identity.externalId !== undefined) builder.withExternalId(identity.externalId);
      return withStsOptions(builder, { ...identity, ...unsetBy(identity, stsDefaults) }).build();
    }
    case 'oidc_role_arn': {
      const builder = library.OIDCRoleArnCredentialsProvider.builder();
      builder.withRoleArn(identity.roleArn).withOIDCProviderArn(identity.oidcProviderArn);
      builder.withOIDCTokenFilePath(identity.oidcTokenFilePath);
      return withStsOptions(builder, { ...identity, ...unsetBy(identity, stsDefaults) }).build();
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

/** Wraps the credentials that assume the role as a provider of the library, which sends the provider's name in a header. */
function staticProvider({ accessKeyId, accessKeySecret, securityToken = '' }: Credentials): LibraryProvider {
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

/** The defaults of what the identity does not set. */
function unsetBy(identity: StsDefaults, { roleSessionName, stsRegionId, vpc }: StsDefaults): StsDefaults {
  return {
    roleSessionName: identity.roleSessionName ?? roleSessionName,
    stsRegionId: identity.stsRegionId ?? stsRegionId,
    vpc: identity.vpc ?? vpc,
  };
}

/** Sets only what is configured. For the rest, the library uses the environment or its defaults. */
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
