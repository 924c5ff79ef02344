import type { ConfigurationMachine } from './environment.ts';
import type { TextSource } from './text-source.ts';
import { trimmed } from './text-source.ts';

/**
 * The variable that a file means by `name`: that one, or, if there is none, the one that the file's own key of that name
 * names. So the official clients for Java and Go read it; their documentation says the former.
 */
export function passwordVariable(
  name: string,
  source: TextSource,
  machine: ConfigurationMachine,
): { readonly name: string; readonly warnings: readonly string[] } {
  const inner = trimmed(machine.environment[name]) === undefined ? source.get(name) : undefined;
  if (inner === undefined) return { name, warnings: [] };
  const warning = `There is no variable ${name}, but ${source.place(name)} has a key of that name: the variable that it names is read for the password. Name the variable itself.`;
  return { name: inner, warnings: [warning] };
}
