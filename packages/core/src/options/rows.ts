// The kinds of options. A row describes one option; types, environment and documentation are derived from it.

import { formatDuration, milliseconds } from '../time/duration.ts';
import type { Duration } from '../time/duration.ts';
import { describeKind, describeValue } from './redact.ts';

/** The result of parsing a value: the converted value, or its errors. */
export type ParseResult<Value> = { readonly value: Value } | { readonly issues: readonly ParseIssue[] };

/** One error in a value. `at` is the path inside the option, such as `[1].regionId`. */
export interface ParseIssue {
  readonly at?: string | undefined;
  readonly got?: string | undefined;
  readonly expected: string;
  readonly example?: string | undefined;
}

/** Describes one option. */
export interface OptionRow<Value> {
  readonly default: Value;
  /** The default as the documentation shows it. */
  readonly shown: string;
  /** The accepted values, as a noun phrase. */
  readonly expected: string;
  /** The environment variable, which is also the key in a configuration file. */
  readonly variable: string | undefined;
  parse(value: unknown): ParseResult<Value>;
}

/**
 * Describes an option that is an object of options, such as `retry`. Every member has its own default, bounds and variable,
 * and its own precedence: code may set one member, and the environment another.
 */
export interface GroupRow<Rows, CanBeOff extends boolean> {
  readonly rows: Rows;
  /** Whether `false` switches the group off. */
  readonly canBeOff: CanBeOff;
  readonly expected: string;
  /** The environment variable that switches the group on or off. */
  readonly variable: string | undefined;
}

/** A table of options by name. */
export type OptionRows<Table> = Readonly<Record<keyof Table, OptionRow<unknown> | GroupRow<unknown, boolean>>>;

interface RowOptions<Value> {
  readonly default: Value;
  readonly variable?: string;
}

/** A duration between two bounds, converted to milliseconds. `example` is a valid value; by default, the default. */
export function duration(
  options: RowOptions<number> & { readonly min: number; readonly max?: number; readonly example?: Duration },
): OptionRow<number> {
  const { min, max = 365 * 86_400_000, example = formatDuration(options.default) } = options;
  const expected = `a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as ${example}`;
  return {
    default: options.default,
    shown: formatDuration(options.default),
    expected,
    variable: options.variable,
    parse(value) {
      const ms = typeof value === 'string' ? milliseconds(value) : value;
      return isNumberBetween(ms, min, max) ? { value: ms } : reject({ got: describeValue(value), expected });
    },
  };
}

/** Makes the default of a row `undefined`. `shown` describes what happens then. */
export function unset<Value>(row: OptionRow<Value>, shown: string): OptionRow<Value | undefined> {
  return { ...row, default: undefined, shown };
}

/** A whole number between two bounds. */
export function count(options: RowOptions<number> & { readonly min: number; readonly max: number }): OptionRow<number> {
  const { min, max } = options;
  const fits = (value: unknown): value is number => isNumberBetween(value, min, max) && Number.isInteger(value);
  return numeric(options, { expected: `a whole number from ${min} to ${max}`, fits });
}

/** A share: above 0, at most 1. */
export function share(options: RowOptions<number>): OptionRow<number> {
  const fits = (value: unknown): value is number => isNumberBetween(value, Number.MIN_VALUE, 1);
  return numeric(options, { expected: 'a number above 0, up to 1', fits });
}

/** A number, also as a string. */
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
      return fits(number) ? { value: number } : reject({ got: describeValue(value), expected });
    },
  };
}

/** `true` or `false`, also as a string. */
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
      return reject({ got: describeValue(value), expected });
    },
  };
}

/** One of several words. */
export function oneOf<const Word extends string>(words: readonly Word[], options: RowOptions<Word>): OptionRow<Word> {
  const expected = words.map((word) => `"${word}"`).join(' or ');
  return {
    default: options.default,
    shown: `"${options.default}"`,
    expected,
    variable: options.variable,
    parse(value) {
      const word = words.find((candidate) => candidate === value);
      return word === undefined ? reject({ got: describeValue(value), expected }) : { value: word };
    },
  };
}

/** A value with a parser of its own. */
export function custom<Value>(
  options: RowOptions<Value> & {
    readonly shown?: string;
    readonly expected: string;
    readonly example?: string;
    /** Whether the value may be a secret, so that errors must not show it. */
    readonly isSecret?: boolean;
    /** Returns `undefined` for a value that is not as expected. */
    parse(value: unknown): ParseResult<Value> | undefined;
  },
): OptionRow<Value> {
  const { expected, example, isSecret = false } = options;
  return {
    default: options.default,
    shown: options.shown ?? 'none',
    expected,
    variable: options.variable,
    parse: (value) =>
      options.parse(value) ?? reject({ got: isSecret ? describeKind(value) : describeValue(value), expected, example }),
  };
}

/** A function of the user, or none. */
export function callback<Call>(): OptionRow<Call | undefined> {
  return custom<Call | undefined>({
    default: undefined,
    expected: 'a function',
    // The type of its parameters cannot be checked. `PlugIn` validates its results.
    parse: (value) => (typeof value === 'function' ? { value: value as Call } : undefined),
  });
}

/** An object of options: see `GroupRow`. */
export function group<Rows extends object, const CanBeOff extends boolean>(options: {
  readonly rows: Rows;
  readonly canBeOff: CanBeOff;
  readonly variable?: string;
}): GroupRow<Rows, CanBeOff> {
  const { rows, canBeOff, variable } = options;
  const members = `an object with ${Object.keys(rows).join(', ')}`;
  return { rows, canBeOff, variable, expected: canBeOff ? `false, or ${members}` : members };
}

function reject(issue: ParseIssue): { readonly issues: readonly ParseIssue[] } {
  return { issues: [issue] };
}

function isNumberBetween(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max;
}
