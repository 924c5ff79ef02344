import type { CredentialsProvider } from '../ports/credentials.ts';
import type { AccessKeyIdentity, ClientKeyIdentity, Identity, StsIdentity } from '../options/identity.ts';
import { describeIdentity } from './token-identity.ts';
import type { TokenProviderOptions } from './token-providers.ts';
import type { IssuedCredentials } from './cached-credentials.ts';
import { CachedCredentials } from './cached-credentials.ts';

/** An identity that `@alicloud/credentials` can be: a client key it cannot (its `rsa_key_pair` asks the wrong host). */
export type AlicloudIdentity = Exclude<Identity, ClientKeyIdentity>;

/**
 * Credentials of an identity. What has to be asked for is asked by the providers of `@alicloud/credentials`, which is loaded then,
 * when there are no credentials that are young enough.
 *
 * It rejects with a `FetchFailure`, which tells status, code and request id, and no secret.
 */
export function alicloudCredentials(identity: AlicloudIdentity, parts: TokenProviderOptions): CredentialsProvider {
  if (identity.type === 'ak' || identity.type === 'sts') return staticCredentials(identity);
  if (identity.type === 'default') {
    const issue = async (): Promise<IssuedCredentials> =>
      (await import('./default-chain.ts')).fetchFromDefaultChain(parts);
    return new CachedCredentials({ source: 'The default chain', fetch: issue, clock: parts.clock });
  }
  const issue = async (): Promise<IssuedCredentials> =>
    (await import('./token-providers.ts')).fetchCredentials(identity, parts);
  return new CachedCredentials({ source: describeIdentity(identity), fetch: issue, clock: parts.clock });
}

/**
 * Handed out as they are: the library's own providers for these keep the same texts, and loading them costs a first secret more
 * than its signature, its request and its answer (docs/decisions/0003-credentials.md has the figures).
 */
function staticCredentials(given: AccessKeyIdentity | StsIdentity): CredentialsProvider {
  const { accessKeyId, accessKeySecret } = given;
  // A copy: who wipes the object that was handed in must not take the client's identity with it.
  const token = given.type === 'sts' ? { securityToken: given.securityToken } : {};
  const pair = { accessKeyId, accessKeySecret, ...token };
  return {
    async getCredential() {
      // A request without its token would be refused as one by an access key that nobody knows.
      if (Object.values(pair).includes('')) {
        throw new TypeError('The access key id, its secret or the security token is empty.');
      }
      return pair;
    },
  };
}
