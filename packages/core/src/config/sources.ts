import type { ConfigurationIssue } from '../secret/errors.ts';
import type { Setting, SettingLayer } from '../options/resolve.ts';
import { layerOf } from '../options/resolve.ts';
import type { FileChoice } from './configuration-file.ts';
import { readConfigurationFile } from './configuration-file.ts';
import type { Group } from './credentials-group.ts';
import { readCredentials } from './credentials-group.ts';
import { readEndpoints } from './endpoints-group.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { knownKeys, optionByVariable, secretNamesKey } from './known-keys.ts';
import type { OptionPath } from './known-keys.ts';
import { nearMiss } from './suggestion.ts';
import type { TextSource } from './text-source.ts';
import { trimmed } from './text-source.ts';

/** All that is set anywhere, for `resolve(optionTable, layers)`; and what is wrong or odd about where it is set. */
export interface GatheredSettings {
  readonly layers: readonly SettingLayer[];
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
}

/**
 * Code, then environment, then file: of each option the first that sets it wins, and credentials and endpoints are such an
 * option, as a whole. With `precedence: 'official'` the order is that of the official clients: environment, file, code, and
 * the endpoints of all three are joined.
 */
export function gatherSettings(given: object, machine: ConfigurationMachine): GatheredSettings {
  const code: Source = { layer: layerOf(given, 'option'), groups: new Map() };
  const variables = environmentSource(machine);
  const environment = readSource(variables, machine);
  const file = readConfigurationFile(namedFile(code.layer, environment.layer), machine);
  const fromFile = file.source === undefined ? undefined : readSource(file.source, machine);
  const outer = fromFile === undefined ? [environment] : [environment, fromFile];
  const isOfficial = code.layer.get('precedence')?.value === 'official';
  const sources = isOfficial ? [...outer, code] : [code, ...outer];

  const judged = judgeGroups(sources, isOfficial);
  const layers = sources.map(({ layer }) => layer);
  return {
    // Code comes first in the joined list, then the file, then the environment: that is the order of the official clients.
    layers: isOfficial ? [joinEndpoints([code, ...outer.toReversed()]), ...layers] : layers,
    issues: [...file.issues, ...judged.issues],
    warnings: [...file.warnings, ...variableWarnings(machine), ...judged.warnings],
  };
}

/** What one source sets, and what it says wrongly about credentials and endpoints. */
interface Source {
  readonly layer: SettingLayer;
  readonly groups: ReadonlyMap<string, Group>;
}

/** A group of which only members are set. */
const emptyGroup: Setting = { value: undefined, source: '' };

function readSource(source: TextSource, machine: ConfigurationMachine): Source {
  const layer = new Map<string, Setting>();
  const set = (key: string, { option, member }: OptionPath): void => {
    const value = source.get(key);
    if (value === undefined) return;
    const setting: Setting = { value, source: source.place(key) };
    const group = layer.get(option);
    if (member === undefined) layer.set(option, { ...setting, members: group?.members });
    else layer.set(option, { ...emptyGroup, ...group, members: new Map(group?.members).set(member, setting) });
  };
  set(secretNamesKey, { option: 'preload' });
  for (const [variable, path] of optionByVariable) set(variable, path);
  const groups = new Map<string, Group>();
  const found = { credentials: readCredentials(source, machine), endpoints: readEndpoints(source, machine) };
  for (const [option, group] of Object.entries(found)) {
    if (group === undefined) continue;
    groups.set(option, group);
    if (group.setting !== undefined) layer.set(option, group.setting);
  }
  return { layer, groups };
}

function environmentSource(machine: ConfigurationMachine): TextSource {
  return {
    get: (key) => trimmed(machine.environment[key]),
    written: (key) => trimmed(machine.environment[key]),
    place: (key) => `variable ${key}`,
    directories: [workingDirectory(machine) ?? '/'],
  };
}

function namedFile(code: SettingLayer, environment: SettingLayer): FileChoice | undefined {
  const setting = [code, environment]
    .map((layer) => layer.get('configFile'))
    .find((found) => found?.value !== undefined);
  // Anything but a text is refused by the option's own row.
  return typeof setting?.value === 'string' ? { path: setting.value, source: setting.source } : undefined;
}

/**
 * A mistake counts only in the source that is used: a variable left over from a Java container must not stop a client that
 * is given its credentials in code. It is told as a warning all the same.
 */
function judgeGroups(
  sources: readonly Source[],
  isOfficial: boolean,
): { readonly issues: readonly ConfigurationIssue[]; readonly warnings: readonly string[] } {
  const issues: ConfigurationIssue[] = [];
  const warnings: string[] = [];
  for (const option of ['credentials', 'endpoints']) {
    let winner: string | undefined;
    for (const { layer, groups } of sources) {
      const wrong = groups.get(option)?.issues ?? [];
      if (winner === undefined || isOfficial) warnings.push(...(groups.get(option)?.warnings ?? []));
      if (winner === undefined || (isOfficial && option === 'endpoints')) issues.push(...wrong);
      else warnings.push(...wrong.map((issue) => unusedMistake(issue, option, winner)));
      const setting = layer.get(option);
      if (setting?.value !== undefined) winner ??= setting.source;
      else if (wrong.length > 0) winner ??= wrong[0]?.source;
    }
  }
  return { issues, warnings };
}

function unusedMistake(
  { key, source, expected }: ConfigurationIssue,
  option: string,
  winner: string | undefined,
): string {
  return `${key} (${source}) is wrong, but not used: ${option} comes from ${winner ?? 'elsewhere'}. Expected ${expected}.`;
}

function joinEndpoints(sources: readonly Source[]): SettingLayer {
  const settings = sources.flatMap(({ layer }) => {
    const setting = layer.get('endpoints');
    return Array.isArray(setting?.value) ? [setting] : [];
  });
  if (settings.length < 2) return new Map();
  const value = settings.flatMap((setting) => setting.value);
  return new Map([['endpoints', { value, source: settings.map(({ source }) => source).join(' and ') }]]);
}

/** A variable that is nearly one of ours, or of the official clients'; any other is somebody else's. */
function variableWarnings(machine: ConfigurationMachine): string[] {
  return Object.keys(machine.environment).flatMap((name) => {
    if (!/^(?:KMS_SECRETS|credentials?|cache_client|client_key)_/u.test(name) || knownKeys.has(name)) return [];
    const meant = nearMiss(name, knownKeys);
    return meant === undefined ? [] : [`variable ${name} is not known. Is "${meant}" meant?`];
  });
}
