import type { ConfigurationIssue } from '../secret/errors.ts';

/** A length of time: milliseconds, or a number with a unit (`'90s'`, `'15m'`, `'24h'`). */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** A value that somebody set, and where it stands: `option`, `variable X` or `file:line`. */
export interface Setting {
  readonly value: unknown;
  readonly source: string;
}

/** Settings by option name; the first layer that has a name wins. */
export type SettingLayer = ReadonlyMap<string, Setting>;

/** What a row makes of a value: the value as the engine wants it, or what is wrong with it. */
export type Parsed<Value> = { readonly value: Value } | { readonly issues: readonly Refusal[] };

/** Why a value is refused; `at` names the place inside the option, such as `[1].regionId`. */
export interface Refusal {
  readonly at?: string | undefined;
  readonly got?: string | undefined;
  readonly expected: string;
  readonly example?: string | undefined;
}

/** Everything there is to know of one option. */
export interface OptionRow<Value> {
  readonly default: Value;
  /** How the default reads in the documentation. */
  readonly shown: string;
  /** What a value must be, as a noun phrase. */
  readonly expected: string;
  /** The environment variable, which is also the key in a file. */
  readonly variable: string | undefined;
  parse(value: unknown): Parsed<Value>;
}

interface RowOptions<Value> {
  readonly default: Value;
  readonly variable?: string;
}

const unitMilliseconds: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A `Duration` in the given bounds, in milliseconds inside. */
export function duration(
  options: RowOptions<number> & { readonly min: number; readonly max?: number },
): OptionRow<number> {
  const { min, max = 365 * 86_400_000 } = options;
  const expected = `a duration from ${durationText(min)} to ${durationText(max)}, as milliseconds or with a unit`;
  return {
    default: options.default,
    shown: durationText(options.default),
    expected,
    variable: options.variable,
    parse(value) {
      const length = typeof value === 'string' ? milliseconds(value) : value;
      return isNumberBetween(length, min, max)
        ? { value: length }
        : refuse({ got: printable(value), expected, example: `'15m'` });
    },
  };
}

/** A whole number in the given bounds. */
export function count(options: RowOptions<number> & { readonly min: number; readonly max: number }): OptionRow<number> {
  const { min, max } = options;
  const fits = (value: unknown): value is number => isNumberBetween(value, min, max) && Number.isInteger(value);
  return numeric(options, { expected: `a whole number from ${min} to ${max}`, fits });
}

/** A part of a whole, from more than nothing to all of it. */
export function share(options: RowOptions<number>): OptionRow<number> {
  const fits = (value: unknown): value is number => isNumberBetween(value, Number.MIN_VALUE, 1);
  return numeric(options, { expected: 'a number above 0, up to 1', fits });
}

/** A number, also as text. */
function numeric(
  options: RowOptions<number>,
  { expected, fits }: { readonly expected: string; readonly fits: (value: unknown) => value is number },
): OptionRow<number> {
  return {
    default: options.default,
    shown: String(options.default),
    expected,
    variable: options.variable,
    parse(value) {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      return fits(number)
        ? { value: number }
        : refuse({ got: printable(value), expected, example: String(options.default) });
    },
  };
}

/** `true` or `false`, also as text. */
export function flag(options: RowOptions<boolean>): OptionRow<boolean> {
  const expected = 'true or false';
  return {
    default: options.default,
    shown: String(options.default),
    expected,
    variable: options.variable,
    parse(value) {
      if (value === true || value === 'true') return { value: true };
      if (value === false || value === 'false') return { value: false };
      return refuse({ got: printable(value), expected });
    },
  };
}

/** One of the given words. */
export function oneOf<const Word extends string>(words: readonly Word[], options: RowOptions<Word>): OptionRow<Word> {
  const expected = words.map((word) => `'${word}'`).join(' or ');
  return {
    default: options.default,
    shown: `'${options.default}'`,
    expected,
    variable: options.variable,
    parse(value) {
      const word = words.find((candidate) => candidate === value);
      return word === undefined ? refuse({ got: printable(value), expected }) : { value: word };
    },
  };
}

/** A value with a parser of its own. */
export function parsed<Value>(
  options: RowOptions<Value> & {
    readonly shown?: string;
    readonly expected: string;
    readonly example?: string;
    /** Nothing of a value that is refused is shown. */
    readonly isSecret?: boolean;
    /** Answers with `undefined` for a value that is not as expected. */
    parse(value: unknown): Parsed<Value> | undefined;
  },
): OptionRow<Value> {
  const { expected, example, isSecret = false } = options;
  return {
    default: options.default,
    shown: options.shown ?? 'none',
    expected,
    variable: options.variable,
    parse: (value) =>
      options.parse(value) ?? refuse({ got: isSecret ? kindOf(value) : printable(value), expected, example }),
  };
}

function refuse(...issues: readonly Refusal[]): { readonly issues: readonly Refusal[] } {
  return { issues };
}

/** What a table makes of options: a value for every row. */
export type ResolvedRows<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends OptionRow<infer Value> ? Value : never;
};

/** The options that were resolved, where each that was set came from, and every mistake found on the way. */
export interface Resolution<Table> {
  readonly values: ResolvedRows<Table>;
  readonly sources: ReadonlyMap<keyof Table & string, string>;
  readonly issues: readonly ConfigurationIssue[];
}

/**
 * The only code that applies a default.
 *
 * Layers come in order of precedence; `undefined` is as good as not set, so an option passed on from somewhere else
 * never hides a default. A value that is refused is replaced by the default, so that the mistakes after it are found too.
 */
export function resolve<Table extends Readonly<Record<keyof Table, OptionRow<unknown>>>>(
  table: Table,
  layers: readonly SettingLayer[],
): Resolution<Table> {
  const issues: ConfigurationIssue[] = [];
  const sources = new Map<keyof Table & string, string>();
  const values: Record<string, unknown> = {};
  for (const [key, row] of Object.entries<OptionRow<unknown>>(table)) {
    const setting = layers.map((layer) => layer.get(key)).find((candidate) => candidate?.value !== undefined);
    const outcome: Parsed<unknown> = setting === undefined ? { value: row.default } : row.parse(setting.value);
    values[key] = 'value' in outcome ? outcome.value : row.default;
    if (setting === undefined) continue;
    sources.set(key as keyof Table & string, setting.source); // a key of the table, by Object.entries
    if ('issues' in outcome) {
      for (const { at = '', ...rest } of outcome.issues)
        issues.push({ key: key + at, source: setting.source, ...rest });
    }
  }
  const known = Object.keys(table);
  for (const layer of layers) {
    for (const [key, { source }] of layer) {
      if (!Object.hasOwn(table, key)) issues.push({ key, source, expected: `one of the options ${known.join(', ')}` });
    }
  }
  return { values: values as ResolvedRows<Table>, sources, issues }; // filled key by key from the table above
}

/** An options object as a layer; `source` tells where its owner finds it. */
export function layerOf(options: object, source: string): SettingLayer {
  return new Map(Object.entries(options).map(([key, value]): [string, Setting] => [key, { value, source }]));
}

/** Milliseconds as a person writes them. */
export function durationText(length: number): string {
  for (const [unit, size] of [...unitMilliseconds].toReversed()) {
    if (unit !== '' && length >= size && length % size === 0) return `${length / size}${unit}`;
  }
  return `${Math.round(length)}ms`;
}

/** No access key, token or password worth the name is as short as this. */
const longestShown = 12;

/**
 * A value of an option as an error may show it. A secret pasted into the wrong place must not come back in a log: of a
 * longer text, or of an object, only the kind is told.
 */
export function printable(value: unknown): string {
  if (typeof value === 'string') return value.length > longestShown ? kindOf(value) : `'${value}'`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}

/** A duration in milliseconds; NaN for a text that is none. */
export function milliseconds(length: string | number): number {
  if (typeof length === 'number') return length;
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)\s*$/u.exec(length);
  return match === null ? Number.NaN : Number(match[1]) * (unitMilliseconds.get(match[2] ?? '') ?? Number.NaN);
}

/** As `printable`, for options whose value is itself secret: nothing of it is shown. */
export function kindOf(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return typeof value === 'number' ? 'a number' : printable(value);
}

function isNumberBetween(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max;
}
