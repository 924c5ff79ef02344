import type { FakeIdentity } from '../fake-kms/client-settings.ts';
import type { FakeKms } from '../fake-kms/fake-kms.ts';
import type { Files } from '../fake-kms/generated-files.ts';

/** Who the command can make a client. Not a role of an ECS instance: that is asked for at an address nobody can move. */
export const identityNames = ['ak', 'client_key', 'instance', 'ram_role', 'oidc_role_arn', 'credentials_uri'] as const;

export type IdentityName = (typeof identityNames)[number];

const account = 'acs:ram::1234567890123456';
const roleArn = `${account}:role/fake-role`;
const providerArn = `${account}:oidc-provider/fake-provider`;

/** Makes what an identity needs: keys, roles, and the files that hold them. */
export function makeIdentity(kms: FakeKms, name: IdentityName, files: Files): FakeIdentity {
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

/** Whether a client that is this has to ask STS, whose certificate `@alicloud/credentials` takes from Node alone. */
export function asksSts(name: IdentityName): boolean {
  return name === 'ram_role' || name === 'oidc_role_arn';
}
