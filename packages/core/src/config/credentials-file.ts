import { builtinModule } from '../platform/builtin-module.ts';
import type { DefaultSource } from '../options/default-source.ts';
import { suggestion } from '../options/closest-match.ts';
import type { ConfigurationMachine } from './environment.ts';
import { homeDirectory, workingDirectory } from './environment.ts';
import type { IniSection } from './ini-file.ts';
import { parseIni } from './ini-file.ts';
import { toSource } from './source-identity.ts';
import { readTextFile } from './text-file.ts';
import { unquoted } from './text-source.ts';

const variable = 'ALIBABA_CLOUD_CREDENTIALS_FILE';

/** The keys of each `type` of a profile, by the property of the identity. */
const keysByType: ReadonlyMap<string, { readonly type: string; readonly keys: ReadonlyMap<string, string> }> = new Map([
  [
    'access_key',
    {
      type: 'ak',
      keys: new Map([
        ['accessKeyId', 'access_key_id'],
        ['accessKeySecret', 'access_key_secret'],
      ]),
    },
  ],
  ['ecs_ram_role', { type: 'ecs_ram_role', keys: new Map([['roleName', 'role_name']]) }],
  [
    'ram_role_arn',
    {
      type: 'ram_role',
      keys: new Map([
        ['accessKeyId', 'access_key_id'],
        ['accessKeySecret', 'access_key_secret'],
        ['roleArn', 'role_arn'],
        ['roleSessionName', 'role_session_name'],
        ['policy', 'policy'],
      ]),
    },
  ],
]);

/** Reads a profile of `~/.alibabacloud/credentials`, or of the file that the variable names. */
export function readCredentialsFile(machine: ConfigurationMachine): DefaultSource {
  const named = unquoted(machine.environment[variable]);
  const home = homeDirectory(machine);
  if (named === undefined && home === undefined) return { name: '~/.alibabacloud/credentials' };
  const path = named ?? builtinModule('node:path').resolve(home ?? '', '.alibabacloud/credentials');
  const file = readTextFile(builtinModule('node:path').resolve(workingDirectory(machine) ?? '/', path), machine, {
    fallback: 'latin1',
  });
  if ('text' in file) return readProfile(path, parseIni(file.text), machine);
  if (named === undefined && file.kind !== 'unusable') return { name: path };
  const source = named === undefined ? '' : ` (${variable})`;
  return { name: path, problem: `Expected a credentials file at ${path}${source}, got ${file.problem}.` };
}

function readProfile(
  path: string,
  sections: ReadonlyMap<string, IniSection>,
  machine: ConfigurationMachine,
): DefaultSource {
  const chosen = unquoted(machine.environment['ALIBABA_CLOUD_PROFILE']);
  const profile = chosen ?? 'default';
  const section = sections.get(profile);
  if (section === undefined) {
    const source = chosen === undefined ? '' : ' (ALIBABA_CLOUD_PROFILE)';
    const problem = `There is no profile [${profile}]${source} in ${path}. Add it, or set ALIBABA_CLOUD_PROFILE${suggestion(profile, sections.keys())}.`;
    return { name: path, problem, lacksProfile: true };
  }
  const at = `${path}:${section.line}`;
  const type = section.values.get('type');
  const known = keysByType.get(type ?? '');
  if (known === undefined) {
    const types = [...keysByType.keys()];
    const found = type === undefined ? 'none' : 'another';
    const hint = suggestion(type ?? '', types);
    return {
      name: at,
      problem: `${at}: the profile [${profile}] needs a type of ${types.join(', ')}, got ${found}${hint === '' ? '.' : hint}`,
    };
  }
  const fields = Object.fromEntries(Array.from(known.keys, ([property, key]) => [property, section.values.get(key)]));
  const source = toSource(at, { type: known.type, ...fields }, (property) => known.keys.get(property) ?? property);
  return source.problem === undefined
    ? source
    : { ...source, problem: `${at}: in the profile [${profile}], ${source.problem}` };
}
