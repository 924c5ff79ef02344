import type {
  CredentialsUriIdentity,
  EcsRamRoleIdentity,
  OidcRoleIdentity,
  RamRoleIdentity,
} from '../options/identity.ts';

/** An identity whose credentials are issued for a time, by one provider of the library. */
export type SessionIdentity = RamRoleIdentity | EcsRamRoleIdentity | OidcRoleIdentity | CredentialsUriIdentity;

/** Who is asked, and for what, in a message. */
export function describeIdentity(identity: SessionIdentity): string {
  switch (identity.type) {
    case 'ram_role':
      return `Credentials for the role ${identity.roleArn}`;
    case 'oidc_role_arn':
      return `Credentials for the role ${identity.roleArn} by OIDC`;
    case 'ecs_ram_role':
      return `Credentials for ${identity.roleName === undefined ? 'the role' : `the role ${identity.roleName}`} of this ECS instance`;
    case 'credentials_uri':
      return 'Credentials from the address in credentials_uri';
    default:
      return identity satisfies never;
  }
}
