import type { ClientKeyIdentity, DefaultIdentity, Identity, RamRoleIdentity } from './identity.ts';

/** A RAM role that is assumed with the credentials of another identity. */
export interface ChainedRoleIdentity {
  readonly type: 'chained_role';
  readonly role: Omit<RamRoleIdentity, 'accessKeyId' | 'accessKeySecret' | 'securityToken'>;
  readonly source: SourceIdentity;
}

/** A login, or a command that prints credentials, of a profile of the Alibaba Cloud CLI. */
export interface CliLoginIdentity {
  readonly type: 'cli_login';
  readonly mode: 'CloudSSO' | 'OAuth' | 'External';
  /** The profile as `config.json` has it. Holds secrets: never log it. */
  readonly profile: Readonly<Record<string, unknown>>;
  /** The name of the profile. */
  readonly name: string;
}

/** An identity of the default credentials chain. */
export type SourceIdentity =
  | Exclude<Identity, ClientKeyIdentity | DefaultIdentity>
  | ChainedRoleIdentity
  | CliLoginIdentity;

/** One source of the default credentials chain. Without identity and problem, it is not configured. */
export interface DefaultSource {
  /** The name in messages: a variable, or the path of a file. */
  readonly name: string;
  readonly identity?: SourceIdentity | undefined;
  /** One or more sentences on what is wrong with it, where, and what to do. Contains no secret. */
  readonly problem?: string | undefined;
  /** Whether the problem is only that a file does not have the profile: another file may. */
  readonly lacksProfile?: boolean | undefined;
  /** Whether the source is tried although nothing configures it: the metadata service, which most machines do not have. */
  readonly isImplicit?: boolean | undefined;
}
