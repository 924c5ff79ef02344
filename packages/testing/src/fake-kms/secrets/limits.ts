import type { SecretType } from './managed-secret.ts';

/** The limits that KMS documents for a secret. */
export const limits = {
  nameLength: 192,
  valueBytes: 30_720,
  versionIdLength: 64,
  extendedConfigLength: 1024,
  /** In seconds: six hours, and 365 days. */
  rotationInterval: { min: 21_600, max: 31_536_000 },
} as const;

/** Letters, digits, `_/+=.@-`, and the `!` of secrets that cloud products create. */
export function isSecretName(text: string): boolean {
  return text.length <= limits.nameLength && /^[A-Za-z0-9_/+=.@!-]+$/.test(text);
}

/** Describes why a secret of this type cannot have this name. `undefined` for a valid name. */
export function describeNameError(name: string, type: SecretType): string | undefined {
  if (!isSecretName(name)) {
    return `The name of a secret must have 1 to ${limits.nameLength} letters, digits or characters of _/+=.@-!.`;
  }
  const prefix = requiredPrefixes.get(type);
  if (prefix !== undefined) {
    return name.startsWith(prefix) ? undefined : `The name of a ${type} secret must begin with ${prefix}.`;
  }
  return name.startsWith('acs/') ? `The name of a ${type} secret must not begin with acs/.` : undefined;
}

/** KMS itself names the secrets of these types. */
const requiredPrefixes: ReadonlyMap<SecretType, string> = new Map([
  ['RAMCredentials', 'acs/ram/user/'],
  ['ECS', 'acs/ecs/'],
]);
