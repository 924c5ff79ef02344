import type { Credentials, CredentialsProvider } from '../credentials.ts';

/**
 * An access key, or temporary credentials that somebody else renews, by the providers of `@alicloud/credentials`.
 *
 * Only the provider's own file is loaded, and only when the first secret is asked for: the main entry of that package
 * brings an HTTP client along (see docs/decisions/0003-credentials.md for the figures). Its version is pinned, because
 * the file is not part of its documented surface.
 */
export function alicloudCredentials(given: Credentials): CredentialsProvider {
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
async function open({ accessKeyId, accessKeySecret, securityToken }: Credentials): Promise<Provider> {
  if (accessKeyId === '' || accessKeySecret === '' || securityToken === '') {
    throw new TypeError('The access key id, its secret or the security token is empty.');
  }
  if (securityToken === undefined) {
    const { StaticAKCredentialsProviderBuilder } =
      await import('@alicloud/credentials/dist/src/providers/static_ak.js');
    return new StaticAKCredentialsProviderBuilder()
      .withAccessKeyId(accessKeyId)
      .withAccessKeySecret(accessKeySecret)
      .build();
  }
  const { StaticSTSCredentialsProviderBuilder } =
    await import('@alicloud/credentials/dist/src/providers/static_sts.js');
  return new StaticSTSCredentialsProviderBuilder()
    .withAccessKeyId(accessKeyId)
    .withAccessKeySecret(accessKeySecret)
    .withSecurityToken(securityToken)
    .build();
}

/** Kind and code alone: the package puts what it was given, and what it sent, into its messages. */
function withoutSecrets(error: unknown): Error {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const kind = error instanceof Error ? error.name : 'something that is not an error';
  const told = code === undefined ? kind : `${kind}, ${code}`;
  return Object.assign(new Error(`@alicloud/credentials could not provide the access key (${told}).`), { code });
}
