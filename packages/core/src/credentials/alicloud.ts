import type { CredentialsRenewal, HoldingProvider } from '../ports/credentials.ts';
import type { DefaultSource } from '../options/default-source.ts';
import type { AccessKeyIdentity, ClientKeyIdentity, Identity, StsIdentity } from '../options/identity.ts';
import { describeIdentity } from './token-identity.ts';
import type { TokenProviderOptions } from './token-providers.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { CachedCredentials } from './cached-credentials.ts';
import { loadModule } from '../secret/module-error.ts';

/**
 * All identities except client keys. The library `@alicloud/credentials` supports those too (`rsa_key_pair`), but sends the
 * requests to the wrong host.
 */
export type AlicloudIdentity = Exclude<Identity, ClientKeyIdentity>;

/**
 * Creates the credentials provider of an identity. Temporary credentials are cached. They come from `@alicloud/credentials`, which
 * the first request loads.
 *
 * The provider rejects with a `FetchFailure`, which has the status, code and request id, and contains no secret.
 */
export function alicloudCredentials(
  identity: AlicloudIdentity,
  options: TokenProviderOptions & {
    /** Finds the sources of the default credentials chain; called for each request. Only for `default`. */
    readonly findDefaultSources?: () => readonly DefaultSource[];
    /** Called with the source of the default credentials chain that has credentials. Only for `default`. */
    readonly onSelected?: (source: DefaultSource) => void;
    /** Called with the name of temporary credentials after each request for them. */
    readonly onRenewal?: (name: string, renewal: CredentialsRenewal) => void;
  },
): HoldingProvider {
  const { clock, findDefaultSources = () => [], onSelected, onRenewal } = options;
  const cached = (source: string, fetch: () => Promise<IssuedCredentials>): HoldingProvider =>
    new CachedCredentials({ source, fetch, clock, onRenewal: (renewal) => onRenewal?.(source, renewal) });
  if (identity.type === 'ak' || identity.type === 'sts') return staticCredentials(identity);
  if (identity.type === 'default') {
    const fetch = async (): Promise<IssuedCredentials> =>
      (await loadModule(() => import('./default-chain.ts'))).fetchFromDefaultChain(
        findDefaultSources(),
        options,
        onSelected,
      );
    return cached('The default credentials chain', fetch);
  }
  const fetch = async (): Promise<IssuedCredentials> =>
    (await loadModule(() => import('./token-providers.ts'))).fetchCredentials(identity, options);
  return cached(describeIdentity(identity), fetch);
}

/**
 * Returns the configured credentials without the library: its static providers return the same values, and loading them takes
 * longer than signing and sending the first request (docs/decisions/0003-loading-alicloud-credentials.md).
 */
function staticCredentials(identity: AccessKeyIdentity | StsIdentity): HoldingProvider {
  const { accessKeyId, accessKeySecret } = identity;
  const token = identity.type === 'sts' ? { securityToken: identity.securityToken } : {};
  // A copy: the caller may clear the object that it passed.
  const credentials = { accessKeyId, accessKeySecret, ...token };
  // KMS would report a request without its security token as one with an unknown access key.
  const isComplete = !Object.values(credentials).includes('');
  return {
    async getCredential() {
      if (isComplete) return credentials;
      throw new TypeError('The access key id, access key secret or security token is empty.');
    },
    held: () => (isComplete ? credentials : undefined),
  };
}
