import type { Credentials, CredentialsProvider } from '../ports/credentials.ts';
import type { ClientKeySource } from './client-key-source.ts';
import { clientKeyProperties, parseClientKeySource, passwordProperties } from './client-key-source.ts';
import { suggestion } from './closest-match.ts';
import type { IdentityField } from './identity-fields.ts';
import {
  accessKeyFields,
  flagField,
  httpUrl,
  publicString,
  roleFields,
  secretString,
  stsFields,
} from './identity-fields.ts';
import { suggestIdentityType } from './identity-type.ts';
import { custom } from './rows.ts';
import type { OptionRow, ParseIssue, ParseResult } from './rows.ts';

/** An access key of the account or of a RAM user. */
export interface AccessKeyIdentity {
  readonly type: 'ak';
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** Temporary credentials from STS that are renewed elsewhere. */
export interface StsIdentity {
  readonly type: 'sts';
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
}

/** Parameters of the requests to STS. Without a region or a host, the central endpoint is used. */
interface StsOptions {
  /** Lifetime of the credentials: 900 to 43200, limited by the role. Default 3600. */
  readonly durationSeconds?: number | undefined;
  /** A RAM policy in JSON that restricts the permissions of the role. */
  readonly policy?: string | undefined;
  /** Host, with a port unless it is 443. Takes precedence over `stsRegionId` and `vpc`. */
  readonly stsEndpoint?: string | undefined;
  /** Region id. The host is `sts.cn-hangzhou.aliyuncs.com`. */
  readonly stsRegionId?: string | undefined;
  /** Whether to use the VPC host of the region, `sts-vpc.cn-hangzhou.aliyuncs.com`. */
  readonly vpc?: boolean | undefined;
}

/** A RAM role that is assumed with an access key or with temporary credentials (AssumeRole). */
export interface RamRoleIdentity extends StsOptions {
  readonly type: 'ram_role';
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Set if the access key is temporary. */
  readonly securityToken?: string | undefined;
  /** For example `acs:ram::1234567890123456:role/reader`. */
  readonly roleArn: string;
  /** The name of the session in the audit log of the account. */
  readonly roleSessionName?: string | undefined;
  readonly externalId?: string | undefined;
}

/** The RAM role of the ECS instance, from its metadata service: IMDSv2, then IMDSv1. */
export interface EcsRamRoleIdentity {
  readonly type: 'ecs_ram_role';
  /** Default: the name that the metadata service returns. */
  readonly roleName?: string | undefined;
  readonly disableIMDSv1?: boolean | undefined;
}

/** A RAM role that is assumed with the token of an OIDC provider (AssumeRoleWithOIDC), such as RRSA in Kubernetes. */
export interface OidcRoleIdentity extends StsOptions {
  readonly type: 'oidc_role_arn';
  readonly roleArn: string;
  /** For example `acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123`. */
  readonly oidcProviderArn: string;
  /** Read for every request, because Kubernetes replaces the token while the process runs. */
  readonly oidcTokenFilePath: string;
  readonly roleSessionName?: string | undefined;
}

/** Temporary credentials from a URL, in the format of `@alicloud/credentials`. */
export interface CredentialsUriIdentity {
  readonly type: 'credentials_uri';
  readonly uri: string;
}

/** A client key of an application access point of KMS. */
export type ClientKeyIdentity = { readonly type: 'client_key' } & ClientKeySource;

/** The default chain of `@alicloud/credentials`: environment, OIDC, CLI profile, profile file, ECS metadata, URL. */
export interface DefaultIdentity {
  readonly type: 'default';
}

/** An identity that signs requests. Most identities hold secrets: never log a value of this type. */
export type Identity =
  | AccessKeyIdentity
  | StsIdentity
  | RamRoleIdentity
  | EcsRamRoleIdentity
  | OidcRoleIdentity
  | CredentialsUriIdentity
  | ClientKeyIdentity
  | DefaultIdentity;

/** A provider of `@alicloud/credentials`. Its client has `getCredential()` instead and is a `CredentialsProvider`. */
export interface AlicloudProvider {
  getCredentials(): ReturnType<CredentialsProvider['getCredential']>;
}

/** Returns the credentials that sign the next request. Called before every request, so it should cache. */
export type CredentialsFunction = () => Promise<Credentials> | Credentials;

/** The properties of each type except `client_key`, which has a parser of its own. */
const fieldsByType: ReadonlyMap<string, ReadonlyMap<string, IdentityField>> = new Map([
  ['ak', new Map(accessKeyFields)],
  ['sts', new Map([...accessKeyFields, ['securityToken', { ...secretString, isRequired: true }]])],
  [
    'ram_role',
    new Map([
      ...accessKeyFields,
      ['securityToken', secretString],
      ...roleFields,
      ...stsFields,
      ['externalId', publicString],
    ]),
  ],
  [
    'ecs_ram_role',
    new Map([
      ['roleName', publicString],
      ['disableIMDSv1', flagField],
    ]),
  ],
  [
    'oidc_role_arn',
    new Map([
      ...roleFields,
      [
        'oidcProviderArn',
        {
          ...publicString,
          isRequired: true,
          pattern: /^acs:ram::\d+:oidc-provider\/\S+$/u,
          expected: 'the ARN of an OIDC provider',
          example: 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123',
        },
      ],
      ['oidcTokenFilePath', { ...publicString, isRequired: true, expected: 'the path of a file with an OIDC token' }],
      ...stsFields,
    ]),
  ],
  ['credentials_uri', new Map([['uri', httpUrl]])],
  ['default', new Map()],
]);

const identityTypes: readonly string[] = [...fieldsByType.keys(), 'client_key'];

/** The row of the option `credentials`. */
export function identityRow(): OptionRow<Identity | CredentialsProvider> {
  return custom<Identity | CredentialsProvider>({
    default: { type: 'default' },
    shown: 'the default chain',
    expected:
      'an object with a type, an access key, a provider with getCredential(), or a function that returns an access key',
    example: `{ type: 'ecs_ram_role' }`,
    isSecret: true,
    parse: parseIdentity,
  });
}

/** Parses credentials. Issues name the property and show its value only if it cannot be secret. */
export function parseIdentity(value: unknown): ParseResult<Identity | CredentialsProvider> | undefined {
  if (typeof value === 'function') {
    // Called without arguments. What it returns is checked before each request, as for any provider.
    const getCredential = value as CredentialsProvider['getCredential'];
    return { value: { getCredential: async () => getCredential() } };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if ('getCredential' in value && typeof value.getCredential === 'function') {
    return { value: value as CredentialsProvider }; // its only method was checked above
  }
  if ('getCredentials' in value && typeof value.getCredentials === 'function') {
    const provider = value as AlicloudProvider; // its only method was checked above
    return { value: { getCredential: () => provider.getCredentials() } };
  }
  const given = new Map<string, unknown>(Object.entries(value).filter(([, field]) => field !== undefined));
  const type = given.get('type') ?? (given.has('securityToken') ? 'sts' : 'ak');
  given.delete('type');
  if (type === 'client_key') return parseClientKeyIdentity(given);
  const fields = typeof type === 'string' ? fieldsByType.get(type) : undefined;
  if (fields === undefined) return { issues: [unknownType(type)] };
  return parseFields(given, fields, { type });
}

/** Does not show the type: it may be an access key in the wrong property. */
function unknownType(type: unknown): ParseIssue {
  const suggested = typeof type === 'string' ? suggestIdentityType(type, identityTypes) : undefined;
  const hint = suggested === undefined ? '' : `; did you mean "${suggested}"?`;
  return { at: '.type', expected: `one of ${identityTypes.join(', ')}${hint}` };
}

function parseFields(
  given: ReadonlyMap<string, unknown>,
  fields: ReadonlyMap<string, IdentityField>,
  identity: Record<string, unknown>,
): ParseResult<Identity> {
  const issues: ParseIssue[] = [];
  for (const [key, field] of fields) {
    const result = field.parse(given.get(key), field);
    if ('issues' in result) issues.push(...result.issues.map((issue) => ({ ...issue, at: `.${key}` })));
    else if (result.value !== undefined) identity[key] = result.value;
  }
  issues.push(...unknownFields(given, ['type', ...fields.keys()]));
  return issues.length > 0 ? { issues } : { value: identity as unknown as Identity }; // by the table of its type
}

function parseClientKeyIdentity(given: ReadonlyMap<string, unknown>): ParseResult<Identity> {
  const issues = unknownFields(given, ['type', ...clientKeyProperties, ...passwordProperties]);
  const source = parseClientKeySource(given, '');
  if ('issues' in source) return { issues: [...issues, ...source.issues] };
  return issues.length > 0 ? { issues } : { value: { type: 'client_key', ...source.value } };
}

function unknownFields(given: ReadonlyMap<string, unknown>, known: readonly string[]): ParseIssue[] {
  // A word is a typing error. Anything with a digit may be an access key that was written as a name.
  const pathOf = (key: string): string => (/^[a-z_]{1,24}$/iu.test(key) ? `.${key}` : '');
  return [...given.keys()]
    .filter((key) => !known.includes(key))
    .map((key) => ({ at: pathOf(key), expected: `one of ${known.join(', ')}${suggestion(key, known)}` }));
}
