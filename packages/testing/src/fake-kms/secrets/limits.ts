import type { SecretType } from './managed-secret.ts';

/** What KMS documents as the bounds of a secret. */
export const limits = {
  nameLength: 192,
  valueBytes: 30_720,
  versionIdLength: 64,
  extendedConfigLength: 1024,
  /** Seconds: six hours and a year of 365 days. */
  rotationInterval: { least: 21_600, most: 31_536_000 },
} as const;

/** Letters, digits, `_/+=.@-`, and the `!` in the names that cloud products give their own secrets. */
export function isSecretName(text: string): boolean {
  return text.length <= limits.nameLength && /^[A-Za-z0-9_/+=.@!-]+$/.test(text);
}

/** Why a secret of this type cannot have this name, in a sentence; `undefined` if it can. */
export function nameMistake(name: string, type: SecretType): string | undefined {
  if (!isSecretName(name)) {
    return `A secret's name has 1 to ${limits.nameLength} letters, digits or characters of _/+=.@-! and this one has not.`;
  }
  const prefix = prefixes.get(type);
  if (prefix !== undefined)
    return name.startsWith(prefix) ? undefined : `The name of a ${type} secret begins with ${prefix}.`;
  return name.startsWith('acs/') ? `The name of a ${type} secret does not begin with acs/.` : undefined;
}

/** KMS names these secrets itself. */
const prefixes: ReadonlyMap<SecretType, string> = new Map([
  ['RAMCredentials', 'acs/ram/user/'],
  ['ECS', 'acs/ecs/'],
]);
