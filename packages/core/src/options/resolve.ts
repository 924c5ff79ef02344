import type { ConfigurationIssue } from '../secret/errors.ts';
import { describeValue } from './redact.ts';
import type { GroupRow, OptionRow, OptionRows, ParseResult } from './rows.ts';
import { flag } from './rows.ts';

/** A value that is set somewhere, and its source: `option`, `variable X` or `file:line`. */
export interface Setting {
  readonly value: unknown;
  readonly source: string;
  /** The members of a group, where the source sets each of them on its own, as environment variables do. */
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

/** Resolved options, the source of each option that is set, and every mistake found. Sources are keyed by path: `retry.maxDelay`. */
export interface Resolution<Table> {
  readonly values: ResolvedRows<Table>;
  readonly sources: ReadonlyMap<string, string>;
  readonly issues: readonly ConfigurationIssue[];
}

/**
 * Resolves every option of a table. The only code that applies a default.
 *
 * Layers come in order of precedence. A value of `undefined` counts as not set, so passing an option through never hides a
 * default. A rejected value is replaced by the default, so that the mistakes after it are found too.
 */
export function resolve<Table extends OptionRows<Table>>(
  table: Table,
  layers: readonly SettingLayer[],
): Resolution<Table> {
  const values: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  const issues: ConfigurationIssue[] = [];
  for (const [key, row] of Object.entries<OptionRow<unknown> | GroupRow<unknown, boolean>>(table)) {
    const settings = layers.flatMap((layer) => layer.get(key) ?? []);
    const resolved = 'rows' in row ? resolveGroup(key, row, settings) : resolveOption(key, row, settings);
    values[key] = resolved.value;
    for (const [path, source] of resolved.sources) sources.set(path, source);
    issues.push(...resolved.issues);
  }
  const expected = `one of ${Object.keys(table).join(', ')}`;
  for (const layer of layers) {
    for (const [key, { source }] of layer) if (!Object.hasOwn(table, key)) issues.push({ key, source, expected });
  }
  return { values: values as ResolvedRows<Table>, sources, issues }; // filled key by key from the table above
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

/** The first setting that switches the group on or off decides; an object switches it on. */
function resolveGroup(key: string, row: GroupRow<unknown, boolean>, settings: readonly Setting[]): ResolvedOption {
  const issues: ConfigurationIssue[] = [];
  const members: SettingLayer[] = [];
  let isOn: boolean | undefined;
  let source: string | undefined;
  for (const setting of settings) {
    const { value } = setting;
    if (setting.members !== undefined) members.push(setting.members);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      members.push(layerOf(value, setting.source));
      isOn ??= true;
      source ??= setting.source;
    } else if (value !== undefined && isOn === undefined) {
      const parsed = parseSwitch(row, value);
      isOn = parsed ?? true;
      source ??= setting.source;
      const { expected } = row;
      if (parsed === undefined) issues.push({ key, source: setting.source, got: describeValue(value), expected });
    }
  }
  const own: (readonly [string, string])[] = source === undefined ? [] : [[key, source]];
  // Variables for the members of a group that is off are ignored, so that one variable is enough to switch it off.
  if (isOn === false) return { value: false, sources: own, issues };
  const resolution = resolve(row.rows as Readonly<Record<string, OptionRow<unknown>>>, members);
  const nested = [...resolution.sources].map(([path, from]) => [`${key}.${path}`, from] as const);
  issues.push(...resolution.issues.map((issue) => ({ ...issue, key: `${key}.${issue.key}` })));
  return { value: resolution.values, sources: nested.length > 0 ? nested : own, issues };
}

function parseSwitch(row: GroupRow<unknown, boolean>, value: unknown): boolean | undefined {
  const parsed = row.canBeOff ? flag({ default: true }).parse(value) : undefined;
  return parsed !== undefined && 'value' in parsed ? parsed.value : undefined;
}

/** Turns an options object into a layer; `source` says where its owner finds it. */
export function layerOf(options: object, source: string): SettingLayer {
  return new Map(Object.entries(options).map(([key, value]): [string, Setting] => [key, { value, source }]));
}
