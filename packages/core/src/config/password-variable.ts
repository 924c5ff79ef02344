import type { ConfigurationMachine } from './environment.ts';
import type { TextSource } from './text-source.ts';
import { trimmed } from './text-source.ts';

/**
 * Resolves the name of a password variable. If there is no such variable, but the source has a key of that name, the key holds
 * the name of the variable. The official clients for Java and Go read it like that; their documentation says the former.
 */
export function resolvePasswordVariable(
  name: string,
  source: TextSource,
  machine: ConfigurationMachine,
): { readonly name: string; readonly warnings: readonly string[] } {
  const indirect = trimmed(machine.environment[name]) === undefined ? source.get(name) : undefined;
  if (indirect === undefined) return { name, warnings: [] };
  const warning = `There is no variable ${name}. The password is read from the variable that the key ${name} (${source.location(name)}) names. Name the variable directly.`;
  return { name: indirect, warnings: [warning] };
}
