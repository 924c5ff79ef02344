import type { ClientKeySource } from './client-key-source.ts';
import { clientKeyProperties, parseClientKeySource, passwordProperties } from './client-key-source.ts';
import type { Credentials, CredentialsProvider } from '../ports/credentials.ts';
import type { IdentityField } from './identity-fields.ts';
import { flagField, keyPair, openText, roleFields, secretText, stsFields, webAddress } from './identity-fields.ts';
import type { OptionRow, ParseResult, ParseIssue } from './rows.ts';
import { custom } from './rows.ts';

/** An access key of the account or of a RAM user. */
export interface AccessKeyIdentity {
  readonly type: 'ak';
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** Temporary credentials that somebody else has asked STS for, and renews. */
export interface StsIdentity {
  readonly type: 'sts';
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
}

/** Which STS is asked: the central one, unless a region or a host is named. */
interface StsOptions {
  /** How long each set of credentials lasts: 900 to 43200, as far as the role allows; 3600 where it is not said. */
  readonly durationSeconds?: number | undefined;
  /** RAM policy as JSON text: what of the role's rights is left. */
  readonly policy?: string | undefined;
  /** Host, with a port if it is not 443; wins over `stsRegionId` and `vpc`. */
  readonly stsEndpoint?: string | undefined;
  /** Region id; makes the host `sts.cn-hangzhou.aliyuncs.com`. */
  readonly stsRegionId?: string | undefined;
  /** Ask the region's VPC host, `sts-vpc.cn-hangzhou.aliyuncs.com`. */
  readonly vpc?: boolean | undefined;
}

/** A RAM role that an access key, or other temporary credentials, may assume (AssumeRole). */
export interface RamRoleIdentity extends StsOptions {
  readonly type: 'ram_role';
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Where the one who assumes the role has only temporary credentials. */
  readonly securityToken?: string | undefined;
  /** Such as `acs:ram::1234567890123456:role/reader`. */
  readonly roleArn: string;
  /** What the account's audit log calls us. */
  readonly roleSessionName?: string | undefined;
  readonly externalId?: string | undefined;
}

/** The role of the ECS instance that we run on, from its metadata service: IMDSv2, else v1. */
export interface EcsRamRoleIdentity {
  readonly type: 'ecs_ram_role';
  /** Asked of the metadata service where it is not said. */
  readonly roleName?: string | undefined;
  readonly disableIMDSv1?: boolean | undefined;
}

/** A RAM role by the token of an OIDC provider (AssumeRoleWithOIDC): RRSA in Kubernetes. */
export interface OidcRoleIdentity extends StsOptions {
  readonly type: 'oidc_role_arn';
  readonly roleArn: string;
  /** Such as `acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123`. */
  readonly oidcProviderArn: string;
  /** Read anew each time: Kubernetes replaces the token while we run. */
  readonly oidcTokenFilePath: string;
  readonly roleSessionName?: string | undefined;
}

/** Temporary credentials from an address of your own, in the form of `@alicloud/credentials`. */
export interface CredentialsUriIdentity {
  readonly type: 'credentials_uri';
  readonly uri: string;
}

/** A client key of an application access point of KMS. */
export type ClientKeyIdentity = { readonly type: 'client_key' } & ClientKeySource;

/** What `@alicloud/credentials` finds: environment, OIDC, CLI profile, profile file, ECS metadata, address. */
export interface DefaultIdentity {
  readonly type: 'default';
}

/** Who a client can be told to be. Most of these hold secrets: never log a value of this type. */
export type Identity =
  | AccessKeyIdentity
  | StsIdentity
  | RamRoleIdentity
  | EcsRamRoleIdentity
  | OidcRoleIdentity
  | CredentialsUriIdentity
  | ClientKeyIdentity
  | DefaultIdentity;

/** A provider of `@alicloud/credentials` itself, as against its client, which has `getCredential()`. */
export interface AlicloudProvider {
  getCredentials(): ReturnType<CredentialsProvider['getCredential']>;
}

/** Returns the credentials that sign the next request. Called before every request, so it should cache. */
export type CredentialsFunction = () => Promise<Credentials> | Credentials;

type Table = ReadonlyMap<string, ReadonlyMap<string, IdentityField>>;

/** What each type may be told besides; `client_key` has a parser of its own. */
const fieldsOf: Table = new Map([
  ['ak', new Map(keyPair)],
  ['sts', new Map([...keyPair, ['securityToken', { ...secretText, isNeeded: true }]])],
  [
    'ram_role',
    new Map([...keyPair, ['securityToken', secretText], ...roleFields, ...stsFields, ['externalId', openText]]),
  ],
  [
    'ecs_ram_role',
    new Map([
      ['roleName', openText],
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
          ...openText,
          isNeeded: true,
          pattern: /^acs:ram::\d+:oidc-provider\/\S+$/u,
          expected: 'the ARN of an OIDC provider',
          example: 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123',
        },
      ],
      ['oidcTokenFilePath', { ...openText, isNeeded: true, expected: 'the path of a file with an OIDC token' }],
      ...stsFields,
    ]),
  ],
  ['credentials_uri', new Map([['uri', webAddress]])],
  ['default', new Map()],
]);

const identityTypes: readonly string[] = [...fieldsOf.keys(), 'client_key'];

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

/** The parts of credentials are never echoed: a mistake names the property, and shows only what cannot be secret. */
export function parseIdentity(value: unknown): ParseResult<Identity | CredentialsProvider> | undefined {
  if (typeof value === 'function') {
    // Called without arguments. What it returns is checked before each request, as for any provider.
    const getCredential = value as CredentialsProvider['getCredential'];
    return { value: { getCredential: async () => getCredential() } };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if ('getCredential' in value && typeof value.getCredential === 'function') {
    return { value: value as CredentialsProvider }; // its one method has just been looked for
  }
  if ('getCredentials' in value && typeof value.getCredentials === 'function') {
    const provider = value as AlicloudProvider; // its one method has just been looked for
    return { value: { getCredential: () => provider.getCredentials() } };
  }
  const given = new Map<string, unknown>(Object.entries(value).filter(([, field]) => field !== undefined));
  const type = given.get('type') ?? (given.has('securityToken') ? 'sts' : 'ak');
  given.delete('type');
  if (type === 'client_key') return parseClientKeyIdentity(given);
  const fields = typeof type === 'string' ? fieldsOf.get(type) : undefined;
  if (fields === undefined) return { issues: [{ at: '.type', expected: `one of ${identityTypes.join(', ')}` }] };
  const issues: ParseIssue[] = [];
  const read: Record<string, unknown> = { type };
  for (const [key, field] of fields) {
    const outcome = field.read(given.get(key), field);
    if ('issues' in outcome) issues.push(...outcome.issues.map((issue) => ({ ...issue, at: `.${key}` })));
    else if (outcome.value !== undefined) read[key] = outcome.value;
  }
  issues.push(...unknownFields(given, ['type', ...fields.keys()]));
  // Each field has just been looked at, by the table of its type.
  return issues.length > 0 ? { issues } : { value: read as unknown as Identity };
}

function parseClientKeyIdentity(given: ReadonlyMap<string, unknown>): ParseResult<Identity> {
  const issues = unknownFields(given, ['type', ...clientKeyProperties, ...passwordProperties]);
  const source = parseClientKeySource(given, '');
  if ('issues' in source) return { issues: [...issues, ...source.issues] };
  return issues.length > 0 ? { issues } : { value: { type: 'client_key', ...source.value } };
}

function unknownFields(given: ReadonlyMap<string, unknown>, known: readonly string[]): ParseIssue[] {
  const expected = `one of ${known.join(', ')}`;
  // A word is a slip of the pen; anything with a digit in it may be a key that was written as a name.
  const placeOf = (key: string): string => (/^[a-z_]{1,24}$/iu.test(key) ? `.${key}` : '');
  return [...given.keys()].filter((key) => !known.includes(key)).map((key) => ({ at: placeOf(key), expected }));
}
