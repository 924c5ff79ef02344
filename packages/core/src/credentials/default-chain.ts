import type { DefaultSource, SourceIdentity } from '../options/default-source.ts';
import { FetchFailure, isFetchFailure } from '../ports/transport.ts';
import { failures } from '../secret/failures.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { fetchByCliLogin } from './cli-login.ts';
import type { TokenProviderOptions } from './token-providers.ts';
import { fetchCredentials } from './token-providers.ts';

/**
 * Fetches credentials from the first source of the default credentials chain that has some.
 *
 * A source that is configured wrongly, or whose credentials are refused, is passed over, as in `@alicloud/credentials`. An outage
 * of its issuer is final: with the next source, the client would become another identity for its duration. `onSelected` is called
 * with the source of the credentials.
 */
export async function fetchFromDefaultChain(
  sources: readonly DefaultSource[],
  options: TokenProviderOptions,
  onSelected: (source: DefaultSource) => void = () => {},
): Promise<IssuedCredentials> {
  const failed = new Map<DefaultSource, FetchFailure>();
  for (const source of sources) {
    if (source.identity === undefined) continue;
    try {
      const issued = await fetchFrom(source.identity, options);
      onSelected(source);
      return issued;
    } catch (error) {
      if (!isFetchFailure(error)) throw error;
      if (source.isImplicit === true && error.status === undefined) continue;
      const failure = new FetchFailure(error.failure, `${source.name}: ${error.message}`, error);
      const { retry, failover } = failures[error.failure];
      if (error.failure !== 'identity' && (retry || failover)) throw failure;
      failed.set(source, failure);
    }
  }
  throw chainFailure(sources, failed);
}

async function fetchFrom(identity: SourceIdentity, options: TokenProviderOptions): Promise<IssuedCredentials> {
  switch (identity.type) {
    case 'ak': {
      const { accessKeyId, accessKeySecret } = identity;
      return { credentials: { accessKeyId, accessKeySecret }, lifetime: undefined };
    }
    case 'sts': {
      const { accessKeyId, accessKeySecret, securityToken } = identity;
      return { credentials: { accessKeyId, accessKeySecret, securityToken }, lifetime: undefined };
    }
    case 'chained_role': {
      const { credentials } = await fetchFrom(identity.source, options);
      return fetchCredentials({ ...identity.role, ...credentials }, options);
    }
    case 'cli_login':
      return fetchByCliLogin(identity, options);
    case 'ram_role':
    case 'ecs_ram_role':
    case 'oidc_role_arn':
    case 'credentials_uri':
      return fetchCredentials(identity, options);
    default:
      return identity satisfies never;
  }
}

/** The failure of the first source that was refused, and the problems of all sources; else, what was checked. */
function chainFailure(
  sources: readonly DefaultSource[],
  failed: ReadonlyMap<DefaultSource, FetchFailure>,
): FetchFailure {
  const reasons = sources.flatMap((source) => failed.get(source)?.message ?? source.problem ?? []);
  const [first] = failed.values();
  if (reasons.length > 0) {
    const message = `The default credentials chain found no credentials. ${reasons.join(' ')}`;
    return new FetchFailure(first?.failure ?? 'rejected', message, first);
  }
  const checked = sources.map(({ name }) => name).join(', ');
  const message = `No credentials are configured, and the default credentials chain found none. Checked: ${checked}. Set credentials_type and its keys, or provide one of these.`;
  return new FetchFailure('rejected', message);
}
