import type { OptionRow, ParseResult } from './rows.ts';
import { describeKind, describeValue } from './redact.ts';
import { custom } from './rows.ts';
import type { SecretStore } from '../ports/store.ts';

/** A text that may be left out. */
export function text(options: {
  readonly variable?: string;
  readonly expected: string;
  readonly shown?: string;
}): OptionRow<string | undefined> {
  return custom<string | undefined>({ ...options, default: undefined, parse: parseText });
}

/** An object with methods, of which it must have every one, or some. */
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
    expected: `an object with ${every.length > 0 ? '' : 'one or more of '}${names}`,
    parse(value) {
      if (typeof value !== 'object' || value === null) return undefined;
      const has = (name: string): boolean => typeof Reflect.get(value, name) === 'function';
      const fits = every.every(has) && (some.length === 0 || some.some(has));
      return fits ? { value: value as Value } : undefined; // its methods have just been looked for
    },
  });
}

const storeMethods = ['read', 'write', 'remove', 'removeAll', 'close'];

/** One store, or a list of them. */
export function parseStores(value: unknown): ParseResult<readonly SecretStore[]> | undefined {
  const stores: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = stores.findIndex((store) => !isStore(store));
  if (wrong === -1) return { value: stores as readonly SecretStore[] }; // their methods have just been looked at
  const expected = `a store: an object with ${storeMethods.map((method) => `${method}()`).join(', ')} and a name`;
  return { issues: [{ at: Array.isArray(value) ? `[${wrong}]` : '', got: describeKind(stores[wrong]), expected }] };
}

function isStore(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || typeof Reflect.get(value, 'name') !== 'string') return false;
  return storeMethods.every((method) => typeof Reflect.get(value, method) === 'function');
}

/** Without control characters: a line break in a stage or a version would forge lines in logs. */
export function parseText(value: unknown): ParseResult<string> | undefined {
  const trimmed = typeof value === 'string' ? value.trim() : '';
  return trimmed !== '' && trimmed.length <= 4_096 && !/\p{Cc}/u.test(trimmed) ? { value: trimmed } : undefined;
}

/** A list, or, from a file or a variable, names with commas between them. */
export function parseNames(value: unknown): ParseResult<readonly string[]> | undefined {
  const names: unknown = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
  if (!Array.isArray(names)) return undefined;
  const wrong = names.findIndex((name) => typeof name !== 'string' || name === '' || name.length > 300);
  if (wrong === -1) return { value: [...new Set<string>(names)] };
  return { issues: [{ at: `[${wrong}]`, got: describeValue(names[wrong]), expected: 'the name of a secret' }] };
}
