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
  const name = identityName(identity);
  return identity.type === 'credentials_uri' ? `Credentials from ${name}` : `Credentials for ${name}`;
}

/** Returns the name of an identity in a sentence, such as `role acs:ram::1:role/reader`. */
export function identityName(identity: SessionIdentity): string {
  switch (identity.type) {
    case 'ram_role':
      return `role ${identity.roleArn}`;
    case 'oidc_role_arn':
      return `role ${identity.roleArn} (OIDC)`;
    case 'ecs_ram_role':
      return identity.roleName === undefined
        ? 'the role of this ECS instance'
        : `role ${identity.roleName} of this ECS instance`;
    case 'credentials_uri':
      return 'credentials_uri';
    default:
      return identity satisfies never;
  }
}
