import { RequestRejectedError } from './errors.ts';

/** KMS allows that many characters in a name; an ARN has its prefix besides. */
const longestName = 192;
const longestArn = longestName + 128;

/**
 * Throws `RequestRejectedError` for what can be no secret's name, before anything is asked of KMS.
 *
 * Only what can never be right is refused here: names hold `/`, `..` and `!` (those of cloud products), and KMS knows best
 * which other characters it takes.
 */
export function checkSecretName(name: unknown): asserts name is string {
  const mistake = nameMistake(name);
  if (mistake === undefined) return;
  throw new RequestRejectedError(`${mistake} Expected the name of a secret, such as "prod/db", or its ARN.`);
}

function nameMistake(name: unknown): string | undefined {
  if (typeof name !== 'string') return `A secret was asked for by ${name === null ? 'null' : `a ${typeof name}`}.`;
  if (name === '') return 'A secret was asked for by an empty name.';
  if (/\p{Cc}/u.test(name)) return 'A secret was asked for by a name with a control character in it.';
  if (name.length > longestArn) return `A secret was asked for by a name of ${name.length} characters.`;
  const { length } = plainName(name);
  if (length > longestName)
    return `A secret was asked for by a name of ${length} characters; KMS allows ${longestName}.`;
  return undefined;
}

/** The name alone: what stands behind `secret/` in an ARN (`acs:kms:REGION:ACCOUNT:secret/NAME`). */
export function plainName(nameOrArn: string): string {
  return /^acs:kms:[^:]*:[^:]*:secret\/(?<name>.+)$/u.exec(nameOrArn)?.groups?.['name'] ?? nameOrArn;
}
