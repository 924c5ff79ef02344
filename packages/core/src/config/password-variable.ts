import type { ConfigurationMachine } from './environment.ts';
import type { TextSource } from './text-source.ts';
import { trimmed } from './text-source.ts';

/** The sources of a client key password, by property. */
export interface PasswordSources {
  readonly passwordFromEnvVariable?: string | undefined;
  readonly passwordFromFilePath?: string | undefined;
}

interface PasswordContext {
  readonly source: TextSource;
  readonly machine: ConfigurationMachine;
  /** The key of a property as the user wrote it, and its location. */
  readonly locationOf: (property: keyof PasswordSources) => string;
}

/**
 * Chooses one source of a client key password. If both are set, as in the sample files of the documentation, the official
 * clients for Java and Go read the variable, and the file if the variable is not set.
 */
export function choosePassword(
  { passwordFromEnvVariable, passwordFromFilePath }: PasswordSources,
  { source, machine, locationOf }: PasswordContext,
): { readonly chosen: PasswordSources; readonly warnings: readonly string[] } {
  if (passwordFromEnvVariable === undefined) return { chosen: { passwordFromFilePath }, warnings: [] };
  const { name, warnings } = resolvePasswordVariable(passwordFromEnvVariable, source, machine);
  if (passwordFromFilePath === undefined) return { chosen: { passwordFromEnvVariable: name }, warnings };
  if (trimmed(machine.environment[name]) !== undefined) {
    const unused = `${locationOf('passwordFromFilePath')} is not used: the password is read from the variable ${name}.`;
    return { chosen: { passwordFromEnvVariable: name }, warnings: [...warnings, unused] };
  }
  // Does not show the name: it may be the password itself, in the wrong place.
  const unused = `${locationOf('passwordFromEnvVariable')} is not used: it names a variable that is not set. The password is read from the file.`;
  return { chosen: { passwordFromFilePath }, warnings: [unused] };
}

/**
 * Resolves the name of a password variable. If there is no such variable, but the source has a key of that name, the key holds
 * the name of the variable. The official clients for Java and Go read it like that; their documentation says the former.
 */
function resolvePasswordVariable(
  name: string,
  source: TextSource,
  machine: ConfigurationMachine,
): { readonly name: string; readonly warnings: readonly string[] } {
  const indirect = trimmed(machine.environment[name]) === undefined ? source.get(name) : undefined;
  if (indirect === undefined) return { name, warnings: [] };
  const warning = `There is no variable ${name}. The password is read from the variable that the key ${name} (${source.location(name)}) names. Name the variable directly.`;
  return { name: indirect, warnings: [warning] };
}
