import type { ConfigurationIssue } from '../secret/errors.ts';
import { describeValue } from './redact.ts';
import type { GroupRow, OptionRow, OptionRows, ParseResult } from './rows.ts';
import { flag } from './rows.ts';

/** A value that is set, and its source: `option`, the name of a variable, or `file:line`. */
export interface Setting {
  readonly value: unknown;
  readonly source: string;
  /** The members of a group, if the source sets them one by one, as environment variables do. */
  readonly members?: SettingLayer | undefined;
}

/** Settings by option name, from one source. */
export type SettingLayer = ReadonlyMap<string, Setting>;

/** A resolved value for every row of a table. */
export type ResolvedRows<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends GroupRow<infer Rows, infer CanBeOff>
    ? ResolvedRows<Rows> | (true extends CanBeOff ? false : never)
    : Table[Key] extends OptionRow<infer Value>
      ? Value
      : never;
};

/** The resolved options, the sources of those that are set by path (`retry.maxDelay`), and every error. */
export interface Resolution<Table> {
  readonly values: ResolvedRows<Table>;
  readonly sources: ReadonlyMap<string, string>;
  readonly issues: readonly ConfigurationIssue[];
}

/**
 * Resolves every option of a table. The only code that applies a default.
 *
 * Layers come in order of precedence. A value of `undefined` counts as not set, so that a wrapper can pass an option through
 * without hiding its default. A rejected value is replaced by the default, so that later errors are found too.
 */
export function resolve<Table extends OptionRows<Table>>(
  table: Table,
  layers: readonly SettingLayer[],
): Resolution<Table> {
  const values: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  const issues: ConfigurationIssue[] = [];
  for (const [key, row] of Object.entries<OptionRow<unknown> | GroupRow<unknown, boolean>>(table)) {
    const settings = settingsOf(key, layers);
    const resolved = 'rows' in row ? resolveGroup(key, row, settings) : resolveOption(key, row, settings);
    values[key] = resolved.value;
    for (const [path, source] of resolved.sources) sources.set(path, source);
    if (resolved.issues.length > 0) issues.push(...resolved.issues);
  }
  for (const layer of layers) {
    for (const [key, { source }] of layer) {
      if (Object.hasOwn(table, key)) continue;
      issues.push({ key, source, expected: `one of ${Object.keys(table).join(', ')}` });
    }
  }
  return { values: values as ResolvedRows<Table>, sources, issues }; // filled key by key from the table above
}

/** The settings of an option, in order of precedence. */
function settingsOf(key: string, layers: readonly SettingLayer[]): readonly Setting[] {
  const found: Setting[] = [];
  for (const layer of layers) {
    const setting = layer.get(key);
    if (setting !== undefined) found.push(setting);
  }
  return found;
}

interface ResolvedOption extends Pick<Resolution<unknown>, 'issues'> {
  readonly value: unknown;
  readonly sources: Iterable<readonly [string, string]>;
}

function resolveOption(key: string, row: OptionRow<unknown>, settings: readonly Setting[]): ResolvedOption {
  const setting = settings.find(({ value }) => value !== undefined);
  if (setting === undefined) return { value: row.default, sources: [], issues: [] };
  const { source } = setting;
  const parsed: ParseResult<unknown> = row.parse(setting.value);
  if ('value' in parsed) return { value: parsed.value, sources: [[key, source]], issues: [] };
  const issues = parsed.issues.map(({ at = '', ...issue }) => ({ key: key + at, source, ...issue }));
  return { value: row.default, sources: [[key, source]], issues };
}

/** Resolves the members of a group one by one, from all layers. */
function resolveGroup(key: string, row: GroupRow<unknown, boolean>, settings: readonly Setting[]): ResolvedOption {
  const deciding = settings.find(({ value }) => value !== undefined);
  const state = deciding === undefined ? 'on' : groupState(row, deciding.value);
  const own: (readonly [string, string])[] = deciding === undefined ? [] : [[key, deciding.source]];
  // Variables of the members of a disabled group are ignored, so that one variable is enough to disable it.
  if (state === 'off') return { value: false, sources: own, issues: [] };
  const { values, ...members } = resolve(
    row.rows as Readonly<Record<string, OptionRow<unknown>>>,
    settings.flatMap((setting) => memberLayer(setting) ?? []),
  );
  const sources = [...members.sources].map(([member, source]) => [`${key}.${member}`, source] as const);
  const issues = members.issues.map((issue) => ({ ...issue, key: `${key}.${issue.key}` }));
  if (deciding !== undefined && state === 'invalid') {
    issues.unshift({ key, source: deciding.source, got: describeValue(deciding.value), expected: row.expected });
  }
  return { value: values, sources: sources.length > 0 ? sources : own, issues };
}

/** The first layer with a value decides whether a group is on. An object switches it on. */
function groupState(row: GroupRow<unknown, boolean>, value: unknown): 'on' | 'off' | 'invalid' {
  if (isObject(value)) return 'on';
  const parsed = row.canBeOff ? flag({ default: true }).parse(value) : undefined;
  if (parsed === undefined || 'issues' in parsed) return 'invalid';
  return parsed.value ? 'on' : 'off';
}

function memberLayer({ value, source, members }: Setting): SettingLayer | undefined {
  return isObject(value) ? layerOf(value, source) : members;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Converts an options object to a layer. */
export function layerOf(options: object, source: string): SettingLayer {
  return new Map(Object.entries(options).map(([key, value]): [string, Setting] => [key, { value, source }]));
}
