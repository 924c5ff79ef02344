import type { Secret } from '@kms-secrets/core/internal';
import { CliError } from './cli-error.ts';

/** The value of a secret, or of one property of a JSON secret. Text is encoded in UTF-8. */
export function valueOf(
  secret: Secret,
  { key, isBase64 = false }: { readonly key?: string | undefined; readonly isBase64?: boolean },
): Uint8Array {
  if (key !== undefined) return new TextEncoder().encode(propertyOf(secret, key));
  if (secret.dataType === 'binary') return secret.bytes({ encoding: isBase64 ? 'base64' : 'utf8' });
  if (isBase64) throw new CliError(`Secret "${secret.name}" is a text secret; --base64 is for binary ones.`);
  return new TextEncoder().encode(secret.text());
}

/** The messages name the path, which comes from the arguments, and no key of the secret: a key may be secret too. */
function propertyOf(secret: Secret, path: string): string {
  let value = secret.json();
  const names = path.split(/(?<!\\)\./u).map((name) => name.replaceAll('\\.', '.'));
  for (const [index, name] of names.entries()) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
      const at = names.slice(0, index + 1).join('.');
      throw new CliError(`Secret "${secret.name}" (version ${secret.versionId}) has no property "${at}".`);
    }
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
