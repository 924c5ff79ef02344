import { passwordProperties } from '../options/client-key-source.ts';
import { parseIdentity } from '../options/identity.ts';
import { suggestIdentityType } from '../options/identity-type.ts';
import type { Setting } from '../options/resolve.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { ConfigurationMachine } from './environment.ts';
import { credentialsTypeKey, identityKeys, securityTokenKey, tokenIdKey, tokenKey } from './known-keys.ts';
import { choosePassword } from './password-variable.ts';
import { expectedWindowsPath, hasLostBackslashes, resolvePath } from './paths.ts';
import type { TextSource } from './text-source.ts';
import { keyAt, unquoted } from './text-source.ts';

/**
 * An option that one source sets by several keys. It is used as a whole, so that an access key id from the environment is never
 * combined with a secret from a file.
 */
export interface CompositeSetting {
  readonly setting?: Setting | undefined;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings?: readonly string[];
}

const accessKeyProperties: readonly string[] = ['accessKeyId', 'accessKeySecret'];
const stsProperties: readonly string[] = ['roleSessionName', 'policy', 'durationSeconds', 'stsEndpoint', 'stsRegionId'];

/** The properties that are read for each type. The option row checks whether they are complete. */
const propertiesByType: ReadonlyMap<string, readonly string[]> = new Map([
  ['ak', accessKeyProperties],
  ['sts', [...accessKeyProperties, 'securityToken']],
  ['ram_role', [...accessKeyProperties, 'securityToken', 'roleArn', ...stsProperties]],
  ['ecs_ram_role', ['roleName']],
  ['oidc_role_arn', ['roleArn', 'oidcProviderArn', 'oidcTokenFilePath', ...stsProperties]],
  ['client_key', ['clientKeyFile', 'passwordFromEnvVariable', 'passwordFromFilePath', 'password']],
]);

/** The values of `credentials_type` that the official clients accept. */
const types: readonly string[] = [...propertiesByType.keys(), 'token'];

/** Variables that Kubernetes sets in a pod with a RAM role (RRSA); `@alicloud/credentials` reads them too. */
const oidcVariables: ReadonlyMap<string, string> = new Map([
  ['roleArn', 'ALIBABA_CLOUD_ROLE_ARN'],
  ['oidcProviderArn', 'ALIBABA_CLOUD_OIDC_PROVIDER_ARN'],
  ['oidcTokenFilePath', 'ALIBABA_CLOUD_OIDC_TOKEN_FILE'],
]);

const pathProperties: ReadonlySet<string> = new Set(['oidcTokenFilePath', 'clientKeyFile', 'passwordFromFilePath']);

/** Reads the credentials of a source; `undefined` if it sets none. Issues contain no values of credentials. */
export function readCredentials(source: TextSource, machine: ConfigurationMachine): CompositeSetting | undefined {
  const type = source.get(credentialsTypeKey);
  if (type === undefined) return readUntyped(source, machine);
  if (type === 'token') return readToken(source);
  if (!propertiesByType.has(type)) return { issues: [unknownCredentialsType(type, source)] };
  // In the official clients `sts` means the same as `ram_role`: they have no key for temporary credentials.
  const isRole = type === 'sts' && source.get(securityTokenKey) === undefined;
  return readIdentity(isRole ? 'ram_role' : type, { source, machine, reason: `${credentialsTypeKey} is ${type}` });
}

interface IdentityContext {
  readonly source: TextSource;
  readonly machine: ConfigurationMachine;
  /** Why the keys of this type are required. */
  readonly reason: string;
}

/** Without a type, an access key is still recognized. */
function readUntyped(source: TextSource, machine: ConfigurationMachine): CompositeSetting | undefined {
  const given = ['accessKeyId', 'accessKeySecret', 'securityToken'].filter((key) => valueOf(key, source) !== undefined);
  const [first] = given;
  if (first !== undefined) {
    const reason = `${settingKey(first)} is set in the same place`;
    return readIdentity(given.includes('securityToken') ? 'sts' : 'ak', { source, machine, reason });
  }
  const typedKeys = ['roleArn', 'roleName', 'oidcProviderArn', 'clientKeyFile']
    .map(settingKey)
    .concat(tokenIdKey, tokenKey);
  const ignored = typedKeys.find((key) => source.get(key) !== undefined);
  if (ignored === undefined) return undefined;
  const warning = `${keyAt(ignored, source.location(ignored))} is ignored, because ${credentialsTypeKey} is not set in the same place. Set it to one of ${types.join(', ')}.`;
  return { issues: [], warnings: [warning] };
}

function readIdentity(type: string, context: IdentityContext): CompositeSetting {
  const { source, machine, reason } = context;
  const issues: ConfigurationIssue[] = [];
  const warnings: string[] = [];
  const fields = readCredentialFields(type, context, issues);
  const { passwordFromEnvVariable, passwordFromFilePath } = fields;
  if (passwordFromEnvVariable !== undefined || passwordFromFilePath !== undefined) {
    const password = choosePassword(
      { passwordFromEnvVariable, passwordFromFilePath },
      { source, machine, locationOf: (property) => keyAt(settingKey(property), source.location(settingKey(property))) },
    );
    warnings.push(...password.warnings);
    // As in the official clients, the password itself is used only if neither of the other two keys is set.
    for (const property of passwordProperties) delete fields[property];
    for (const [property, value] of Object.entries(password.chosen)) if (value !== undefined) fields[property] = value;
  }
  const parsed = parseIdentity(fields);
  for (const { at = '', expected, ...issue } of parsed !== undefined && 'issues' in parsed ? parsed.issues : []) {
    const property = at.slice(1);
    const key = settingKey(property);
    const because = fields[property] === undefined ? `, because ${reason}` : '';
    issues.push({ ...issue, key, source: source.location(key), expected: expected + because });
  }
  if (issues.length > 0) return { issues, warnings };
  const first = (propertiesByType.get(type) ?? []).map(settingKey).find((key) => source.get(key) !== undefined);
  return { setting: { value: fields, source: source.location(first ?? credentialsTypeKey) }, issues, warnings };
}

function readCredentialFields(
  type: string,
  { source, machine }: IdentityContext,
  issues: ConfigurationIssue[],
): Record<string, string> {
  const fields: Record<string, string> = { type };
  for (const property of propertiesByType.get(type) ?? []) {
    const value = valueOf(property, source) ?? (type === 'oidc_role_arn' ? oidcDefault(property, machine) : undefined);
    if (value === undefined) continue;
    const key = settingKey(property);
    const isPath = pathProperties.has(property);
    if (isPath && hasLostBackslashes(value)) {
      issues.push({ key, source: source.location(key), expected: expectedWindowsPath });
    }
    fields[property] = isPath ? resolvePath(value, source, machine) : value;
  }
  return fields;
}

/** Not a bearer token: the official clients sign with the two keys as with an access key. */
function readToken(source: TextSource): CompositeSetting {
  const accessKeyId = source.get(tokenIdKey);
  const accessKeySecret = source.get(tokenKey);
  const issues = [tokenIdKey, tokenKey]
    .filter((key) => source.get(key) === undefined)
    .map((key): ConfigurationIssue => {
      const expected = `a non-empty string, because ${credentialsTypeKey} is token`;
      return { key, source: source.location(key), expected };
    });
  if (issues.length > 0) return { issues };
  const warning = `${keyAt(credentialsTypeKey, source.location(credentialsTypeKey))}: the type token is deprecated and used as an access key. Use ak, or sts with ${securityTokenKey} for temporary credentials.`;
  return {
    setting: { value: { type: 'ak', accessKeyId, accessKeySecret }, source: source.location(tokenIdKey) },
    issues,
    warnings: [warning],
  };
}

function valueOf(property: string, source: TextSource): string | undefined {
  return source.get(settingKey(property));
}

function oidcDefault(property: string, machine: ConfigurationMachine): string | undefined {
  return unquoted(machine.environment[oidcVariables.get(property) ?? '']);
}

function settingKey(property: string): string {
  return identityKeys.get(property) ?? property;
}

/** Does not show an unknown type: it may be an access key on the wrong line. */
function unknownCredentialsType(type: string, source: TextSource): ConfigurationIssue {
  const suggested = suggestIdentityType(type, types);
  const hint = suggested === undefined ? '' : `; did you mean "${suggested}"?`;
  return {
    key: credentialsTypeKey,
    source: source.location(credentialsTypeKey),
    got: `a string of ${type.length} characters`,
    expected: `one of ${types.join(', ')}${hint}`,
    example: 'ak',
  };
}
