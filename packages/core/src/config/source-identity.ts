import type { DefaultSource } from '../options/default-source.ts';
import { parseIdentity } from '../options/identity.ts';
import type { Identity } from '../options/identity.ts';

/** Checks the fields of an identity. Its problem names each wrong field by `nameOf`, and no value that may be secret. */
export function toSource(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  nameOf: (property: string) => string,
): DefaultSource {
  const parsed = parseIdentity(fields);
  if (parsed === undefined) return { name };
  if ('issues' in parsed) {
    const problems = parsed.issues.map(({ at = '', expected, got }) => {
      const property = at.slice(1);
      const found = fields[property] === undefined ? ', but it is not set' : got === undefined ? '' : `, got ${got}`;
      return `${nameOf(property)} must be ${expected}${found}.`;
    });
    return { name, problem: problems.join(' ') };
  }
  const identity = parsed.value as Exclude<Identity, { readonly type: 'client_key' | 'default' }>; // by the callers' types
  return { name, identity };
}
