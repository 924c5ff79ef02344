import type { CredentialsProvider } from '../credentials.ts';
import type { AccessKeyIdentity, ClientKeyIdentity, Identity, StsIdentity } from '../identity.ts';
import { described } from './issued-identity.ts';
import type { IssuerParts } from './issuers.ts';
import type { Issued } from './kept-credentials.ts';
import { KeptCredentials } from './kept-credentials.ts';

/** An identity that `@alicloud/credentials` can be: a client key it cannot (its `rsa_key_pair` asks the wrong host). */
export type AlicloudIdentity = Exclude<Identity, ClientKeyIdentity>;

/**
 * Credentials of an identity, by the providers of `@alicloud/credentials`: loaded when the first secret is asked for, and
 * asked for credentials when there are none that are young enough.
 *
 * It rejects with a `FetchFailure`, which tells status, code and request id, and no secret.
 */
export function alicloudCredentials(identity: AlicloudIdentity, parts: IssuerParts): CredentialsProvider {
  if (identity.type === 'ak' || identity.type === 'sts') return staticCredentials(identity);
  if (identity.type === 'default') {
    const issue = async (): Promise<Issued> => (await import('./default-chain.ts')).issueByChain(parts);
    return new KeptCredentials({ issuer: 'The default chain', issue, clock: parts.clock });
  }
  const issue = async (): Promise<Issued> => (await import('./issuers.ts')).issueOf(identity, parts);
  return new KeptCredentials({ issuer: described(identity), issue, clock: parts.clock });
}

/**
 * Only the provider's own file is loaded: the main entry of that package brings an HTTP client along (see
 * docs/decisions/0003-credentials.md for the figures). Its version is pinned, because the file is not part of its
 * documented surface.
 */
function staticCredentials(given: AccessKeyIdentity | StsIdentity): CredentialsProvider {
  // A copy: who wipes the object that was handed in must not take the client's identity with it.
  const pair = { ...given };
  let opening: Promise<Provider> | undefined;
  return {
    async getCredential() {
      opening ??= open(pair);
      try {
        const provider = await opening;
        const { accessKeyId, accessKeySecret, securityToken } = await provider.getCredentials();
        return securityToken === undefined
          ? { accessKeyId, accessKeySecret }
          : { accessKeyId, accessKeySecret, securityToken };
      } catch (error) {
        // Not remembered: what failed once (a full disk, too many open files) may work the next time.
        opening = undefined;
        throw withoutSecrets(error);
      }
    },
  };
}

/** The part of the package's providers that is used here; what they leave out is `undefined` at run time. */
interface Provider {
  getCredentials(): Promise<{
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
    readonly securityToken: string | undefined;
  }>;
}

/** Empty texts are refused before: the builders would take the environment's key in their place. */
async function open(identity: AccessKeyIdentity | StsIdentity): Promise<Provider> {
  const { accessKeyId, accessKeySecret } = identity;
  if (accessKeyId === '' || accessKeySecret === '') throw emptyPart();
  if (identity.type === 'ak') {
    const { StaticAKCredentialsProviderBuilder } =
      await import('@alicloud/credentials/dist/src/providers/static_ak.js');
    return new StaticAKCredentialsProviderBuilder()
      .withAccessKeyId(accessKeyId)
      .withAccessKeySecret(accessKeySecret)
      .build();
  }
  if (identity.securityToken === '') throw emptyPart();
  const { StaticSTSCredentialsProviderBuilder } =
    await import('@alicloud/credentials/dist/src/providers/static_sts.js');
  return new StaticSTSCredentialsProviderBuilder()
    .withAccessKeyId(accessKeyId)
    .withAccessKeySecret(accessKeySecret)
    .withSecurityToken(identity.securityToken)
    .build();
}

function emptyPart(): TypeError {
  return new TypeError('The access key id, its secret or the security token is empty.');
}

/** Kind and code alone: the package puts what it was given, and what it sent, into its messages. */
function withoutSecrets(error: unknown): Error {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const kind = error instanceof Error ? error.name : 'something that is not an error';
  const told = code === undefined ? kind : `${kind}, ${code}`;
  return Object.assign(new Error(`@alicloud/credentials could not provide the access key (${told}).`), { code });
}
