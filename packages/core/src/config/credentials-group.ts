import type { ConfigurationIssue } from '../secret/errors.ts';
import { parseIdentity } from '../options/identity.ts';
import type { Setting } from '../options/resolve.ts';
import type { ConfigurationMachine } from './environment.ts';
import { passwordVariable } from './password-variable.ts';
import { credentialsTypeKey, identityKeys, securityTokenKey, tokenIdKey, tokenKey } from './known-keys.ts';
import { nearMiss } from './suggestion.ts';
import { absolutePath, backslashAdvice, hasLostBackslashes } from './paths.ts';
import type { TextSource } from './text-source.ts';

/** All that one source says on one subject: taken as a whole, so that no half of it meets a half of another source's. */
export interface Group {
  readonly setting?: Setting | undefined;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings?: readonly string[];
}

const sts: readonly string[] = ['roleSessionName', 'policy', 'durationSeconds', 'stsEndpoint', 'stsRegionId'];
const pair: readonly string[] = ['accessKeyId', 'accessKeySecret'];

/** What is read of each identity; whether it is enough, the option's own row says. */
const propertiesOf: ReadonlyMap<string, readonly string[]> = new Map([
  ['ak', pair],
  ['sts', [...pair, 'securityToken']],
  ['ram_role', [...pair, 'securityToken', 'roleArn', ...sts]],
  ['ecs_ram_role', ['roleName']],
  ['oidc_role_arn', ['roleArn', 'oidcProviderArn', 'oidcTokenFilePath', ...sts]],
  ['client_key', ['clientKeyFile', 'passwordFromEnvVariable', 'passwordFromFilePath', 'password']],
]);

/** The values of `credentials_type`, as the official clients know them. */
const types: readonly string[] = [...propertiesOf.keys(), 'token'];

/** Set by Kubernetes where a pod has a RAM role (RRSA); the library's own names. */
const oidcVariables: ReadonlyMap<string, string> = new Map([
  ['roleArn', 'ALIBABA_CLOUD_ROLE_ARN'],
  ['oidcProviderArn', 'ALIBABA_CLOUD_OIDC_PROVIDER_ARN'],
  ['oidcTokenFilePath', 'ALIBABA_CLOUD_OIDC_TOKEN_FILE'],
]);

const paths: ReadonlySet<string> = new Set(['oidcTokenFilePath', 'clientKeyFile', 'passwordFromFilePath']);

/** The credentials that a source holds; `undefined` if it says nothing about them. No value of them ever shows. */
export function readCredentials(source: TextSource, machine: ConfigurationMachine): Group | undefined {
  const type = source.get(credentialsTypeKey);
  if (type === undefined) return readUntyped(source, machine);
  if (type === 'token') return readToken(source);
  if (!propertiesOf.has(type)) return { issues: [typeIssue(type, source)] };
  // The official clients have one branch for both: it assumes a role. Only here is a triple that somebody else renews.
  const isAssumed = type === 'sts' && source.get(securityTokenKey) === undefined;
  return readIdentity(isAssumed ? 'ram_role' : type, { source, machine, because: `${credentialsTypeKey} is ${type}` });
}

interface Reading {
  readonly source: TextSource;
  readonly machine: ConfigurationMachine;
  readonly because: string;
}

/** A key id and its secret are an access key without being called one. */
function readUntyped(source: TextSource, machine: ConfigurationMachine): Group | undefined {
  const given = ['accessKeyId', 'accessKeySecret', 'securityToken'].filter((key) => textOf(key, source) !== undefined);
  if (given.length > 0) {
    const because = `${keyOf(given[0] ?? '')} is set in the same place`;
    return readIdentity(given.includes('securityToken') ? 'sts' : 'ak', { source, machine, because });
  }
  const hints = ['roleArn', 'roleName', 'oidcProviderArn', 'clientKeyFile'].map(keyOf).concat(tokenIdKey, tokenKey);
  const set = hints.find((key) => source.get(key) !== undefined);
  if (set === undefined) return undefined;
  const warning = `${set} (${source.place(set)}) is not read: ${credentialsTypeKey} is missing in the same place. It is one of ${types.join(', ')}.`;
  return { issues: [], warnings: [warning] };
}

function readIdentity(type: string, reading: Reading): Group {
  const { source, machine, because } = reading;
  const fields: Record<string, string> = { type };
  const issues: ConfigurationIssue[] = [];
  const warnings: string[] = [];
  for (const property of propertiesOf.get(type) ?? []) {
    const text = textOf(property, source) ?? (type === 'oidc_role_arn' ? variableOf(property, machine) : undefined);
    if (text === undefined) continue;
    if (paths.has(property) && hasLostBackslashes(text)) {
      issues.push({ key: keyOf(property), source: source.place(keyOf(property)), expected: backslashAdvice });
    }
    fields[property] = paths.has(property) ? absolutePath(text, source, machine) : text;
  }
  // The official clients' last resort, where neither of the two others is set.
  if (fields['passwordFromFilePath'] !== undefined || fields['passwordFromEnvVariable'] !== undefined) {
    delete fields['password'];
  }
  if (fields['passwordFromEnvVariable'] !== undefined) {
    const variable = passwordVariable(fields['passwordFromEnvVariable'], source, machine);
    fields['passwordFromEnvVariable'] = variable.name;
    warnings.push(...variable.warnings);
  }
  const outcome = parseIdentity(fields);
  const told = outcome !== undefined && 'issues' in outcome ? outcome.issues : [];
  for (const { at = '', expected, ...rest } of told) {
    const property = at.slice(1);
    const reason = fields[property] === undefined ? `, because ${because}` : '';
    issues.push({ ...rest, key: keyOf(property), source: source.place(keyOf(property)), expected: expected + reason });
  }
  if (issues.length > 0) return { issues, warnings };
  const first = (propertiesOf.get(type) ?? []).map(keyOf).find((key) => source.get(key) !== undefined);
  return { setting: { value: fields, source: source.place(first ?? credentialsTypeKey) }, issues, warnings };
}

/** Not a bearer token: the official clients sign with the two as with an access key. */
function readToken(source: TextSource): Group {
  const accessKeyId = source.get(tokenIdKey);
  const accessKeySecret = source.get(tokenKey);
  const issues = [tokenIdKey, tokenKey]
    .filter((key) => source.get(key) === undefined)
    .map((key): ConfigurationIssue => {
      const expected = `a text that is not empty, because ${credentialsTypeKey} is token`;
      return { key, source: source.place(key), expected };
    });
  if (issues.length > 0) return { issues };
  const warning = `${credentialsTypeKey}=token (${source.place(credentialsTypeKey)}) is deprecated: its two keys are used as an access key. Use ak; temporary credentials are sts with ${securityTokenKey}.`;
  return {
    setting: { value: { type: 'ak', accessKeyId, accessKeySecret }, source: source.place(tokenIdKey) },
    issues,
    warnings: [warning],
  };
}

function textOf(property: string, source: TextSource): string | undefined {
  return source.get(keyOf(property));
}

function variableOf(property: string, machine: ConfigurationMachine): string | undefined {
  const value = machine.environment[oidcVariables.get(property) ?? '']?.trim();
  return value === '' ? undefined : value;
}

function keyOf(property: string): string {
  return identityKeys.get(property) ?? property;
}

/** A type that nobody knows is not shown: it may be a key that got onto the wrong line. */
function typeIssue(type: string, source: TextSource): ConfigurationIssue {
  const meant = nearMiss(type.toLowerCase(), types);
  const question = meant === undefined ? '' : `; is ${meant} meant?`;
  return {
    key: credentialsTypeKey,
    source: source.place(credentialsTypeKey),
    got: `a text of ${type.length} characters`,
    expected: `one of ${types.join(', ')}${question}`,
    example: 'ak',
  };
}
