import { builtinModule } from '../platform/builtin-module.ts';
import type { CliLoginIdentity, DefaultSource, SourceIdentity } from '../options/default-source.ts';
import { closestMatch } from '../options/closest-match.ts';
import type { ConfigurationMachine } from './environment.ts';
import { homeDirectory } from './environment.ts';
import { findJsonError } from './json-error.ts';
import { toSource } from './source-identity.ts';
import { readTextFile } from './text-file.ts';
import { trimmed, unquoted } from './text-source.ts';

/** The keys of each mode of a profile, by the property of the identity. */
const keysByMode: ReadonlyMap<string, { readonly type: string; readonly keys: ReadonlyMap<string, string> }> = new Map([
  [
    'AK',
    {
      type: 'ak',
      keys: new Map([
        ['accessKeyId', 'access_key_id'],
        ['accessKeySecret', 'access_key_secret'],
      ]),
    },
  ],
  [
    'StsToken',
    {
      type: 'sts',
      keys: new Map([
        ['accessKeyId', 'access_key_id'],
        ['accessKeySecret', 'access_key_secret'],
        ['securityToken', 'sts_token'],
      ]),
    },
  ],
  [
    'RamRoleArn',
    {
      type: 'ram_role',
      keys: new Map([
        ['accessKeyId', 'access_key_id'],
        ['accessKeySecret', 'access_key_secret'],
        ['roleArn', 'ram_role_arn'],
        ['roleSessionName', 'ram_session_name'],
        ['durationSeconds', 'expired_seconds'],
        ['externalId', 'external_id'],
        ['stsRegionId', 'sts_region'],
        ['stsEndpoint', 'sts_endpoint'],
        ['vpc', 'enable_vpc'],
      ]),
    },
  ],
  ['EcsRamRole', { type: 'ecs_ram_role', keys: new Map([['roleName', 'ram_role_name']]) }],
  [
    'OIDC',
    {
      type: 'oidc_role_arn',
      keys: new Map([
        ['roleArn', 'ram_role_arn'],
        ['oidcProviderArn', 'oidc_provider_arn'],
        ['oidcTokenFilePath', 'oidc_token_file'],
        ['roleSessionName', 'ram_session_name'],
        ['durationSeconds', 'expired_seconds'],
        ['stsRegionId', 'sts_region'],
        ['stsEndpoint', 'sts_endpoint'],
        ['vpc', 'enable_vpc'],
      ]),
    },
  ],
]);

const loginModes: readonly CliLoginIdentity['mode'][] = ['CloudSSO', 'OAuth', 'External'];
const chainedMode = 'ChainableRamRoleArn';
const modes: readonly string[] = [...keysByMode.keys(), chainedMode, ...loginModes];

/** Reads the current profile of the Alibaba Cloud CLI from `~/.aliyun/config.json`. `date` is in milliseconds since 1970. */
export function readCliProfile(machine: ConfigurationMachine, date: number): DefaultSource {
  const home = homeDirectory(machine);
  if (home === undefined) return { name: '~/.aliyun/config.json' };
  const path = builtinModule('node:path').resolve(home, '.aliyun/config.json');
  const file = readTextFile(path, machine);
  if ('problem' in file) {
    return file.kind === 'unusable'
      ? { name: path, problem: `Expected a configuration of the Alibaba Cloud CLI at ${path}, got ${file.problem}.` }
      : { name: path };
  }
  const config = parseConfig(file.text);
  if ('problem' in config) return { name: path, problem: `${path}:${config.line}: ${config.problem}` };
  const reader = new ProfileReader({ ...config, text: file.text, path, date });
  const named = unquoted(machine.environment['ALIBABA_CLOUD_PROFILE']);
  if (named !== undefined) return reader.read(named, 'ALIBABA_CLOUD_PROFILE');
  return reader.read(config.current ?? 'default', '"current"');
}

type Profile = Readonly<Record<string, unknown>>;

interface CliConfig {
  readonly current: string | undefined;
  readonly profiles: readonly Profile[];
}

const rewrite = 'Correct the file, or write it again with `aliyun configure`.';

function parseConfig(text: string): CliConfig | { readonly problem: string; readonly line: number } {
  const errorAt = findJsonError(text);
  if (errorAt !== undefined) {
    const problem = `the file is not valid JSON (character ${errorAt + 1}). ${rewrite}`;
    return { problem, line: lineAt(text, errorAt) };
  }
  const config: unknown = JSON.parse(text);
  const { current, profiles } = isProfile(config) ? config : {};
  const list = Array.isArray(profiles) ? profiles.filter(isProfile) : [];
  if (list.length === 0) return { problem: `the file has no profiles. ${rewrite}`, line: 1 };
  return { current: trimmedText(current), profiles: list };
}

interface ProfileContext extends CliConfig {
  readonly text: string;
  readonly path: string;
  readonly date: number;
}

class ProfileReader {
  readonly #context: ProfileContext;

  constructor(context: ProfileContext) {
    this.#context = context;
  }

  /** Reads a profile. `namedBy` is the setting that names it; `seen` are the profiles that refer to it. */
  read(name: string, namedBy: string, seen: readonly string[] = []): DefaultSource {
    const { path, profiles } = this.#context;
    const profile = profiles.find((each) => trimmedText(each['name']) === name);
    if (profile === undefined) {
      const names = profiles.flatMap((each) => trimmedText(each['name']) ?? []);
      const problem = `there is no profile "${name}", which ${namedBy} names. Profiles: ${names.join(', ')}.`;
      return { name: path, problem: `${path}: ${problem}`, lacksProfile: true };
    }
    const at = `${path}:${this.#lineOf(name)}`;
    const result = this.#convert(profile, name, [...seen, name]);
    const label = `the profile "${name}"`;
    return typeof result === 'string'
      ? { name: at, problem: `${at}: in ${label}, ${result}` }
      : { name: `${at} (${label})`, identity: result };
  }

  /** The identity of a profile, or its problem. */
  #convert(profile: Profile, name: string, seen: readonly string[]): SourceIdentity | string {
    const mode = trimmedText(profile['mode']) ?? '';
    const known = keysByMode.get(mode);
    if (known !== undefined) return this.#identityOf(profile, known, mode);
    if (mode === chainedMode) return this.#chainedRole(profile, seen);
    const login = loginModes.find((each) => each === mode);
    if (login === undefined) {
      const match = closestMatch(mode, modes);
      const hint = match === undefined ? '' : ` Did you mean "${match}"?`;
      return `the mode must be one of ${modes.join(', ')}.${hint}`;
    }
    return (
      loginProblem(profile, login, { name, date: this.#context.date }) ?? {
        type: 'cli_login',
        mode: login,
        profile,
        name,
      }
    );
  }

  #identityOf(
    profile: Profile,
    { type, keys }: { readonly type: string; readonly keys: ReadonlyMap<string, string> },
    mode: string,
  ): SourceIdentity | string {
    const expiry = Number(profile['sts_expiration'] ?? 0) * 1_000;
    if (type === 'sts' && expiry > 0 && expiry < this.#context.date) {
      return `the token expired on ${new Date(expiry).toISOString()}. Set a new one with \`aliyun configure\`.`;
    }
    const { identity, problem } = toSource(mode, { type, ...fieldsOf(profile, keys) }, (key) => keys.get(key) ?? key);
    return identity ?? problem ?? 'no identity is configured.';
  }

  #chainedRole(profile: Profile, seen: readonly string[]): SourceIdentity | string {
    const sourceName = trimmedText(profile['source_profile']);
    if (sourceName === undefined) return 'source_profile must be the name of another profile, but it is not set.';
    if (seen.includes(sourceName)) return `source_profile refers to itself: ${[...seen, sourceName].join(', ')}.`;
    const source = this.read(sourceName, 'source_profile', seen);
    if (source.identity === undefined) return `source_profile cannot be used. ${source.problem}`;
    const keys = keysByMode.get('RamRoleArn')?.keys ?? new Map<string, string>();
    const fields = { ...fieldsOf(profile, keys), type: 'ram_role', accessKeyId: '-', accessKeySecret: '-' };
    const { identity, problem } = toSource(chainedMode, fields, (key) => keys.get(key) ?? key);
    if (identity?.type !== 'ram_role') return problem ?? 'no role is configured.';
    const { accessKeyId: _, accessKeySecret: __, securityToken: ___, ...role } = identity;
    return { type: 'chained_role', role, source: source.identity };
  }

  #lineOf(name: string): number {
    const { text } = this.#context;
    const pattern = new RegExp(
      String.raw`"name"\s*:\s*${JSON.stringify(name).replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`)}`,
      'u',
    );
    return lineAt(text, pattern.exec(text)?.index ?? 0);
  }
}

/** What is wrong with a login or a command, as far as the profile shows it. */
function loginProblem(
  profile: Profile,
  mode: CliLoginIdentity['mode'],
  { name, date }: { readonly name: string; readonly date: number },
): string | undefined {
  const missing = (...keys: readonly string[]): string | undefined => {
    const key = keys.find((each) => trimmedText(profile[each]) === undefined);
    return key === undefined ? undefined : `${key} must be a non-empty string, but it is not set.`;
  };
  const isOver = (key: string): boolean => Number(profile[key] ?? 0) * 1_000 <= date;
  const logIn = `Log in again with \`aliyun configure --mode ${mode} --profile ${name}\`.`;
  switch (mode) {
    case 'External':
      return missing('process_command');
    case 'CloudSSO': {
      const problem = missing('cloud_sso_sign_in_url', 'cloud_sso_account_id', 'cloud_sso_access_config');
      if (problem !== undefined) return problem;
      const isEnded = missing('access_token') !== undefined || isOver('cloud_sso_access_token_expire');
      return isEnded ? `the login has ended. ${logIn}` : undefined;
    }
    case 'OAuth': {
      if (!['CN', 'INTL'].includes(trimmedText(profile['oauth_site_type'])?.toUpperCase() ?? '')) {
        return 'oauth_site_type must be CN or INTL.';
      }
      // With a refresh token, the login is renewed.
      const isEnded = missing('oauth_refresh_token') !== undefined && isOver('oauth_access_token_expire');
      return isEnded ? `the login has ended. ${logIn}` : undefined;
    }
    default:
      return mode satisfies never;
  }
}

/** Empty strings and zero, which the CLI writes for what is not set, are left out. */
function fieldsOf(profile: Profile, keys: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Array.from(keys, ([property, key]) => {
      const value = profile[key];
      return [property, typeof value === 'string' ? trimmed(value) : value === 0 || value === null ? undefined : value];
    }),
  );
}

function trimmedText(value: unknown): string | undefined {
  return typeof value === 'string' ? trimmed(value) : undefined;
}

function isProfile(value: unknown): value is Profile {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
