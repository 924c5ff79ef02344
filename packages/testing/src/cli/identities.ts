import type { FakeIdentity } from '../fake-kms/client-settings.ts';
import type { FakeKms } from '../fake-kms/fake-kms.ts';
import type { GeneratedFiles } from '../fake-kms/generated-files.ts';

/** The values of `--as`. Without `ecs_ram_role`, because clients request it from a fixed address. */
export const identityNames = ['ak', 'client_key', 'instance', 'ram_role', 'oidc_role_arn', 'credentials_uri'] as const;

export type IdentityName = (typeof identityNames)[number];

const account = 'acs:ram::1234567890123456';
const roleArn = `${account}:role/fake-role`;
const providerArn = `${account}:oidc-provider/fake-provider`;

/** Creates the keys, roles and files that an identity needs. */
export function createIdentity(kms: FakeKms, name: IdentityName, files: GeneratedFiles): FakeIdentity {
  switch (name) {
    case 'ak':
      return {};
    case 'client_key':
      return { clientKey: kms.createClientKey({ gateway: 'shared' }) };
    case 'instance':
      return { instanceKey: kms.createClientKey({ gateway: 'instance' }) };
    case 'ram_role':
      kms.sts.addRole({ arn: roleArn });
      return { roleArn };
    case 'oidc_role_arn': {
      const token = 'fake-oidc-token';
      kms.sts.addRole({ arn: roleArn });
      kms.sts.registerOidcToken({ providerArn, token });
      return { roleArn, oidc: { providerArn, tokenFile: files.write('oidc-token', token) } };
    }
    case 'credentials_uri':
      return { useCredentialsUri: true };
    default:
      return name satisfies never;
  }
}

/** Whether the identity uses STS. For STS, `@alicloud/credentials` trusts only the CAs that Node trusts. */
export function usesSts(name: IdentityName): boolean {
  return name === 'ram_role' || name === 'oidc_role_arn';
}
