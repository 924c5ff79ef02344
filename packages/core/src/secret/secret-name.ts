import { RequestRejectedError } from './errors.ts';

/** The maximum length of a name at KMS, in characters. An ARN adds its prefix. */
const maxNameLength = 192;
const maxArnLength = maxNameLength + 128;

/**
 * Throws `RequestRejectedError` if `name` cannot be the name of a secret.
 *
 * It rejects only what can never be valid. Names may contain `/`, `..` and `!` (those of cloud products); KMS decides on other
 * characters.
 */
export function checkSecretName(name: unknown): asserts name is string {
  const mistake = nameMistake(name);
  if (mistake === undefined) return;
  throw new RequestRejectedError(`${mistake} Expected a secret name such as "prod/db", or an ARN.`);
}

function nameMistake(name: unknown): string | undefined {
  if (typeof name !== 'string') return `Secret name must be a string, got ${name === null ? 'null' : typeof name}.`;
  if (name === '') return 'Secret name must not be empty.';
  if (/\p{Cc}/u.test(name)) return 'Secret name must not contain control characters.';
  if (name.length > maxArnLength) return tooLong(name.length);
  const { length } = plainName(name);
  return length > maxNameLength ? tooLong(length) : undefined;
}

function tooLong(length: number): string {
  return `Secret name must have at most ${maxNameLength} characters, got ${length}.`;
}

/**
 * Whether two names may identify the same secret: they are equal, or one is an ARN and the other its plain name, whose account
 * and region the client does not know. ARNs that differ identify secrets of different accounts or regions.
 */
export function maybeSameSecret(one: string, other: string): boolean {
  return one === other || one === plainName(other) || plainName(one) === other;
}

/** The name without the prefix of an ARN (`acs:kms:REGION:ACCOUNT:secret/NAME`). */
export function plainName(nameOrArn: string): string {
  return /^acs:kms:[^:]*:[^:]*:secret\/(?<name>.+)$/u.exec(nameOrArn)?.groups?.['name'] ?? nameOrArn;
}
