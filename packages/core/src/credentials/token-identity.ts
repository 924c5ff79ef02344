import type {
  CredentialsUriIdentity,
  EcsRamRoleIdentity,
  OidcRoleIdentity,
  RamRoleIdentity,
} from '../options/identity.ts';

/** An identity whose temporary credentials come from one provider of `@alicloud/credentials`. */
export type SessionIdentity = RamRoleIdentity | EcsRamRoleIdentity | OidcRoleIdentity | CredentialsUriIdentity;

/** Returns the subject of error messages, such as `Credentials for role acs:ram::1:role/reader`. */
export function describeIdentity(identity: SessionIdentity): string {
  switch (identity.type) {
    case 'ram_role':
      return `Credentials for role ${identity.roleArn}`;
    case 'oidc_role_arn':
      return `Credentials for role ${identity.roleArn} (OIDC)`;
    case 'ecs_ram_role':
      return identity.roleName === undefined
        ? 'Credentials for the role of this ECS instance'
        : `Credentials for role ${identity.roleName} of this ECS instance`;
    case 'credentials_uri':
      return 'Credentials from credentials_uri';
    default:
      return identity satisfies never;
  }
}
