import type { SecretStore } from '../ports/store.ts';
import { describeKind, describeValue } from './redact.ts';
import { custom } from './rows.ts';
import type { OptionRow, ParseResult } from './rows.ts';

/** An optional string. */
export function text(options: {
  readonly variable?: string;
  readonly expected: string;
  readonly shown?: string;
}): OptionRow<string | undefined> {
  return custom<string | undefined>({ ...options, default: undefined, parse: parseText });
}

/** An object that has every method in `every` and at least one in `some`. */
export function objectWith<Value>(options: {
  readonly default: Value;
  readonly every?: readonly string[];
  readonly some?: readonly string[];
  readonly shown?: string;
}): OptionRow<Value> {
  const { every = [], some = [], ...rest } = options;
  const names = [...every, ...some].map((name) => `${name}()`).join(', ');
  return custom<Value>({
    ...rest,
    expected: `an object with ${every.length > 0 ? '' : 'at least one of '}${names}`,
    parse(value) {
      if (typeof value !== 'object' || value === null) return undefined;
      const has = (name: string): boolean => typeof Reflect.get(value, name) === 'function';
      const fits = every.every(has) && (some.length === 0 || some.some(has));
      return fits ? { value: value as Value } : undefined; // its methods were checked above
    },
  });
}

const storeMethods = ['read', 'write', 'remove', 'removeAll', 'close'];

/** One store, or a list of stores. */
export function parseStores(value: unknown): ParseResult<readonly SecretStore[]> | undefined {
  const stores: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = stores.findIndex((store) => !isStore(store));
  if (wrong === -1) return { value: stores as readonly SecretStore[] }; // their methods were checked above
  const expected = `a store: an object with a name and ${storeMethods.map((method) => `${method}()`).join(', ')}`;
  return { issues: [{ at: Array.isArray(value) ? `[${wrong}]` : '', got: describeKind(stores[wrong]), expected }] };
}

function isStore(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || typeof Reflect.get(value, 'name') !== 'string') return false;
  return storeMethods.every((method) => typeof Reflect.get(value, method) === 'function');
}

/** Rejects control characters: a line break in the name of a stage could forge log lines. */
export function parseText(value: unknown): ParseResult<string> | undefined {
  const trimmed = typeof value === 'string' ? value.trim() : '';
  return trimmed !== '' && trimmed.length <= 4_096 && !/\p{Cc}/u.test(trimmed) ? { value: trimmed } : undefined;
}

/** A list of names, or a string of names separated by commas, as variables and files have it. */
export function parseNames(value: unknown): ParseResult<readonly string[]> | undefined {
  const names: unknown = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
  if (!Array.isArray(names)) return undefined;
  const wrong = names.findIndex((name) => typeof name !== 'string' || name === '' || name.length > 300);
  if (wrong === -1) return { value: [...new Set<string>(names)] };
  return { issues: [{ at: `[${wrong}]`, got: describeValue(names[wrong]), expected: 'the name of a secret' }] };
}
