import type { DefaultSource } from '../options/default-source.ts';
import { readCliProfile } from './cli-profile.ts';
import { readCredentialsFile } from './credentials-file.ts';
import type { ConfigurationMachine } from './environment.ts';
import { valueWarnings } from './setting-text.ts';
import { toSource } from './source-identity.ts';
import { unquoted } from './text-source.ts';

const prefix = 'ALIBABA_CLOUD_';

/**
 * Finds the sources of the default credentials chain, in the order of `@alicloud/credentials`: variables, OIDC, the profile of
 * the Alibaba Cloud CLI, the credentials file, the metadata service of ECS, and a URI.
 *
 * Reads the files again at each call. The library does not report why a source has no credentials, and its profiles ignore
 * proxies and timeouts. `date` is the current time in milliseconds since 1970.
 */
export function findDefaultSources(machine: ConfigurationMachine, date: number): readonly DefaultSource[] {
  const read = (name: string): string | undefined => unquoted(machine.environment[prefix + name]);
  const isTrue = (name: string): boolean => read(name)?.toLowerCase() === 'true';
  const profiles = [
    ...(isTrue('CLI_PROFILE_DISABLED') ? [] : [readCliProfile(machine, date)]),
    readCredentialsFile(machine),
  ];
  const hasProfile = profiles.some(({ identity }) => identity !== undefined);
  return [
    accessKey(read),
    oidcRole(read),
    ...profiles.map((source) => (source.lacksProfile === true && hasProfile ? { name: source.name } : source)),
    ...(isTrue('ECS_METADATA_DISABLED') ? [] : [ecsRole(read)]),
    credentialsUri(read),
  ];
}

/**
 * Warnings about the sources that have a problem and are passed over, and about white space and quotes around the variables of
 * all sources.
 */
export function defaultSourceWarnings(machine: ConfigurationMachine, date: number): string[] {
  const sources = findDefaultSources(machine, date);
  const used = sources.findIndex(({ identity, isImplicit }) => identity !== undefined && isImplicit !== true);
  const passedOver = used === -1 ? sources : sources.slice(0, used);
  const problems = passedOver.flatMap(({ problem }) =>
    problem === undefined ? [] : [`${problem} The next source of the default credentials chain is used.`],
  );
  return [...sdkVariableWarnings(machine), ...problems];
}

/**
 * The parameters of requests to STS that variables set for every role. The library reads these variables too, but with the white
 * space and the quotes around their values.
 */
export function readStsDefaults({ environment }: ConfigurationMachine): {
  readonly roleSessionName: string | undefined;
  readonly stsRegionId: string | undefined;
  readonly vpc: boolean | undefined;
} {
  const read = (name: string): string | undefined => unquoted(environment[prefix + name]);
  const vpc = read('VPC_ENDPOINT_ENABLED')?.toLowerCase() === 'true' ? true : undefined;
  return { roleSessionName: read('ROLE_SESSION_NAME'), stsRegionId: read('STS_REGION'), vpc };
}

type ReadVariable = (name: string) => string | undefined;

function accessKey(read: ReadVariable): DefaultSource {
  const names = ['ACCESS_KEY_ID', 'ACCESS_KEY_SECRET'] as const;
  const name = names.map((each) => prefix + each).join(' and ');
  const [id, secret] = names.map(read);
  if (id === undefined && secret === undefined) return { name };
  const token = read('SECURITY_TOKEN');
  const fields = { accessKeyId: id, accessKeySecret: secret, securityToken: token };
  return toSource(name, { ...fields, type: token === undefined ? 'ak' : 'sts' }, (property) => {
    return property === 'accessKeyId' ? prefix + names[0] : prefix + names[1];
  });
}

/** The variables that Kubernetes sets in a pod with a RAM role (RRSA). */
function oidcRole(read: ReadVariable): DefaultSource {
  const names = new Map([
    ['roleArn', 'ROLE_ARN'],
    ['oidcProviderArn', 'OIDC_PROVIDER_ARN'],
    ['oidcTokenFilePath', 'OIDC_TOKEN_FILE'],
  ]);
  const name = `OIDC (${prefix}OIDC_TOKEN_FILE)`;
  // The role alone is not enough: other variables of this name configure other clients.
  if (read('OIDC_PROVIDER_ARN') === undefined && read('OIDC_TOKEN_FILE') === undefined) return { name };
  const fields = Object.fromEntries(Array.from(names, ([property, variable]) => [property, read(variable)]));
  return toSource(name, { type: 'oidc_role_arn', ...fields }, (property) => prefix + (names.get(property) ?? property));
}

function ecsRole(read: ReadVariable): DefaultSource {
  const roleName = read('ECS_METADATA');
  const disableIMDSv1 = read('IMDSV1_DISABLED')?.toLowerCase() === 'true' ? true : undefined;
  return {
    name: 'ECS metadata',
    identity: { type: 'ecs_ram_role', roleName, disableIMDSv1 },
    isImplicit: roleName === undefined,
  };
}

function credentialsUri(read: ReadVariable): DefaultSource {
  const name = `${prefix}CREDENTIALS_URI`;
  const uri = read('CREDENTIALS_URI');
  return uri === undefined ? { name } : toSource(name, { type: 'credentials_uri', uri }, () => name);
}

/** The variables whose values may be secret or come from a file: `echo` and `base64` leave a line break behind them. */
function sdkVariableWarnings(machine: ConfigurationMachine): string[] {
  return Object.entries(machine.environment).flatMap(([name, value = '']) => {
    if (!name.startsWith(prefix)) return [];
    if (value === value.trim()) return valueWarnings(name, value, name);
    return [`${name} (environment variable) has white space or a line break around its value, which is ignored.`];
  });
}
