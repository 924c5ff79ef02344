import { layerOf } from '../options/resolve.ts';
import type { Setting, SettingLayer } from '../options/resolve.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import { closestMatch } from '../options/closest-match.ts';
import { readConfigurationFile } from './configuration-file.ts';
import type { ConfiguredPath } from './configuration-file.ts';
import { readCredentials } from './credentials-setting.ts';
import type { CompositeSetting } from './credentials-setting.ts';
import { readEndpoints } from './endpoints-setting.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { instancesKey, knownKeys, optionByVariable, regionsKey, secretNamesKey } from './known-keys.ts';
import type { OptionPath } from './known-keys.ts';
import { valueWarnings, settingText } from './setting-text.ts';
import type { TextSource } from './text-source.ts';
import { keyAt } from './text-source.ts';

/** The settings of all sources in order of precedence, for `resolve(optionTable, layers)`. */
export interface CollectedSettings {
  readonly layers: readonly SettingLayer[];
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
  /** Lines for the debug log. */
  readonly notes: readonly string[];
  /** The variables and the file that were searched for endpoints, as a phrase. */
  readonly searched: string;
}

const unreadConfigFile: ConfigurationIssue = {
  key: 'configFile',
  source: 'option',
  expected: 'no value together with precedence "code-only", which reads no file',
};

/**
 * Collects the settings of code, environment and configuration file.
 *
 * The order of precedence is code, environment, file. With `precedence: 'official'` it is that of the official clients:
 * environment, file, code, and the endpoints of all three are merged. With `code-only`, nothing else is read. Credentials and endpoints are each one option, which a
 * source sets as a whole.
 */
export function collectSettings(options: object, machine: ConfigurationMachine): CollectedSettings {
  const code: SettingsSource = { layer: layerOf(options, 'option'), composites: new Map() };
  const precedence = code.layer.get('precedence')?.value;
  if (precedence === 'code-only') {
    const issues = code.layer.get('configFile')?.value === undefined ? [] : [unreadConfigFile];
    return { layers: [code.layer], issues, warnings: [], notes: [], searched: 'and precedence is "code-only"' };
  }
  const variables = Object.keys(machine.environment);
  const environment = readSource(environmentSource(machine, variables), machine);
  const file = readConfigurationFile(configuredPath(code.layer, environment.layer), machine);
  const fileSettings = file.source === undefined ? [] : [readSource(file.source, machine)];
  const outside = [environment, ...fileSettings];
  const isOfficial = precedence === 'official';
  const sources = isOfficial ? [...outside, code] : [code, ...outside];

  const problems = problemsOfComposites(sources, isOfficial);
  const layers = sources.map(({ layer }) => layer);
  return {
    // The official clients put the endpoints of code first, then those of the file, then those of the environment.
    layers: isOfficial ? [mergedEndpoints([code, ...outside.toReversed()]), ...layers] : layers,
    issues: [...file.issues, ...problems.issues],
    warnings: [...file.warnings, ...variableWarnings(machine, variables), ...problems.warnings],
    notes: file.skipped === undefined ? [] : [file.skipped],
    searched: `the variables ${regionsKey} and ${instancesKey}, and the file ${file.searched}`,
  };
}

/** The settings of one source, and the problems of those that it sets by several keys. */
interface SettingsSource {
  readonly layer: SettingLayer;
  readonly composites: ReadonlyMap<string, CompositeSetting>;
}

/** A group of which only members are set. */
const emptyGroup: Setting = { value: undefined, source: '' };

function readSource(source: TextSource, machine: ConfigurationMachine): SettingsSource {
  const layer = new Map<string, Setting>();
  const set = (key: string, { option, member }: OptionPath): void => {
    const value = source.get(key);
    if (value === undefined) return;
    const setting: Setting = { value, source: source.location(key) };
    const group = layer.get(option);
    if (member === undefined) layer.set(option, { ...setting, members: group?.members });
    else layer.set(option, { ...emptyGroup, ...group, members: new Map(group?.members).set(member, setting) });
  };
  set(secretNamesKey, { option: 'preload' });
  for (const [variable, path] of optionByVariable) set(variable, path);
  const composites = new Map<string, CompositeSetting>();
  const read = { credentials: readCredentials(source, machine), endpoints: readEndpoints(source, machine) };
  for (const [option, composite] of Object.entries(read)) {
    if (composite === undefined) continue;
    composites.set(option, composite);
    if (composite.setting !== undefined) layer.set(option, composite.setting);
  }
  return { layer, composites };
}

/** `process.env` calls the system for every value, so that only the variables that are set are read. */
function environmentSource(machine: ConfigurationMachine, variables: readonly string[]): TextSource {
  // On Windows, names have no case.
  const names = new Set(variables.map((name) => name.toLowerCase()));
  const get = (key: string): string | undefined =>
    names.has(key.toLowerCase()) ? settingText(key, machine.environment[key]) : undefined;
  return { get, raw: get, location: (key) => key, directories: [workingDirectory(machine) ?? '/'] };
}

function configuredPath(code: SettingLayer, environment: SettingLayer): ConfiguredPath | undefined {
  const settings = [code, environment].flatMap((layer) => layer.get('configFile') ?? []);
  const setting = settings.find(({ value }) => value !== undefined);
  // Anything but a string is rejected by the option row.
  return typeof setting?.value === 'string' ? { path: setting.value, source: setting.source } : undefined;
}

/**
 * The issues of the source that is used. Issues of the other sources become warnings: a variable that was set for another
 * client must not stop this one, which has its credentials in code.
 */
function problemsOfComposites(
  sources: readonly SettingsSource[],
  isOfficial: boolean,
): { readonly issues: readonly ConfigurationIssue[]; readonly warnings: readonly string[] } {
  const issues: ConfigurationIssue[] = [];
  const warnings: string[] = [];
  for (const option of ['credentials', 'endpoints']) {
    let winner: string | undefined;
    for (const { layer, composites } of sources) {
      const composite = composites.get(option);
      const found = composite?.issues ?? [];
      if (winner === undefined || isOfficial) warnings.push(...(composite?.warnings ?? []));
      if (winner === undefined || (isOfficial && option === 'endpoints')) issues.push(...found);
      else warnings.push(...found.map((issue) => unusedIssueWarning(issue, option, winner ?? 'elsewhere')));
      const setting = layer.get(option);
      if (setting?.value !== undefined) winner ??= setting.source;
      else winner ??= found[0]?.source;
    }
  }
  return { issues, warnings };
}

function unusedIssueWarning({ key, source, expected }: ConfigurationIssue, option: string, winner: string): string {
  return `${keyAt(key, source)} is invalid but unused: ${option} comes from ${winner}. Expected ${expected}.`;
}

function mergedEndpoints(sources: readonly SettingsSource[]): SettingLayer {
  const settings = sources.flatMap(({ layer }) => {
    const setting = layer.get('endpoints');
    return Array.isArray(setting?.value) ? [setting] : [];
  });
  if (settings.length < 2) return new Map();
  const value = settings.flatMap((setting) => setting.value);
  return new Map([['endpoints', { value, source: settings.map(({ source }) => source).join(' and ') }]]);
}

/** Other variables belong to other programs. */
function variableWarnings(machine: ConfigurationMachine, variables: readonly string[]): string[] {
  return variables.flatMap((name) => {
    if (knownKeys.has(name)) return valueWarnings(name, machine.environment[name], name);
    if (!/^(?:KMS_SECRETS|credentials?|cache_client|client_key)_/iu.test(name)) return [];
    const suggestion = closestMatch(name, knownKeys);
    return suggestion === undefined ? [] : [`Unknown variable ${name}. Did you mean "${suggestion}"?`];
  });
}
