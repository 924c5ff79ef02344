import type { CredentialsProvider } from '../ports/credentials.ts';
import type { AccessKeyIdentity, ClientKeyIdentity, Identity, StsIdentity } from '../options/identity.ts';
import { describeIdentity } from './token-identity.ts';
import type { TokenProviderOptions } from './token-providers.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { CachedCredentials } from './cached-credentials.ts';

/** An identity that `@alicloud/credentials` supports. Its `rsa_key_pair`, for client keys, sends requests to the wrong host. */
export type AlicloudIdentity = Exclude<Identity, ClientKeyIdentity>;

/**
 * The credentials provider for an identity. Temporary credentials come from `@alicloud/credentials`, which is loaded by the
 * first request, and are cached.
 *
 * Rejects with a `FetchFailure` with status, code and request id. It contains no secret.
 */
export function alicloudCredentials(identity: AlicloudIdentity, options: TokenProviderOptions): CredentialsProvider {
  const { clock } = options;
  if (identity.type === 'ak' || identity.type === 'sts') return staticCredentials(identity);
  if (identity.type === 'default') {
    const fetch = async (): Promise<IssuedCredentials> =>
      (await import('./default-chain.ts')).fetchFromDefaultChain(options);
    return new CachedCredentials({ source: 'The default credentials chain', fetch, clock });
  }
  const fetch = async (): Promise<IssuedCredentials> =>
    (await import('./token-providers.ts')).fetchCredentials(identity, options);
  return new CachedCredentials({ source: describeIdentity(identity), fetch, clock });
}

/**
 * Returns the configured credentials without the library: its static providers return the same texts, and loading them takes
 * longer than signing and sending the first request (docs/decisions/0003-loading-alicloud-credentials.md).
 */
function staticCredentials(identity: AccessKeyIdentity | StsIdentity): CredentialsProvider {
  const { accessKeyId, accessKeySecret } = identity;
  const token = identity.type === 'sts' ? { securityToken: identity.securityToken } : {};
  // A copy: the caller may erase the object that it passed.
  const credentials = { accessKeyId, accessKeySecret, ...token };
  return {
    async getCredential() {
      // KMS would report a request without its security token as one with an unknown access key.
      if (Object.values(credentials).includes('')) {
        throw new TypeError('The access key id, access key secret or security token is empty.');
      }
      return credentials;
    },
  };
}
