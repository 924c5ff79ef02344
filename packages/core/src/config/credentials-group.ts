import type { ConfigurationIssue } from '../errors.ts';
import type { Setting } from '../option-rows.ts';
import { accessKeyIdKey, accessKeySecretKey, credentialsTypeKey, typesNotBuilt } from './known-keys.ts';
import type { TextSource } from './text-source.ts';

/** All that one source says on one subject: taken as a whole, so that no half of it meets a half of another source's. */
export interface Group {
  readonly setting?: Setting | undefined;
  readonly issues: readonly ConfigurationIssue[];
}

/** The credentials that a source holds; `undefined` if it says nothing about them. No value of them ever shows. */
export function readCredentials(source: TextSource): Group | undefined {
  const type = source.get(credentialsTypeKey);
  const accessKeyId = source.get(accessKeyIdKey);
  const accessKeySecret = source.get(accessKeySecretKey);
  if (type === undefined && accessKeyId === undefined && accessKeySecret === undefined) return undefined;
  if (type !== undefined && type !== 'ak') return { issues: [typeIssue(type, source)] };
  if (accessKeyId !== undefined && accessKeySecret !== undefined) {
    return { setting: { value: { accessKeyId, accessKeySecret }, source: source.place(accessKeyIdKey) }, issues: [] };
  }
  const given = [credentialsTypeKey, accessKeyIdKey, accessKeySecretKey].find((key) => source.get(key) !== undefined);
  const because = `because ${given ?? credentialsTypeKey} is set in the same place`;
  const issues: ConfigurationIssue[] = [];
  if (accessKeyId === undefined) {
    issues.push({
      key: accessKeyIdKey,
      source: source.place(accessKeyIdKey),
      expected: `an access key id, ${because}`,
    });
  }
  if (accessKeySecret === undefined) {
    const expected = `the secret of the access key, ${because}`;
    issues.push({ key: accessKeySecretKey, source: source.place(accessKeySecretKey), expected });
  }
  return { issues };
}

/** A type that nobody knows is not shown: it may be a key that got onto the wrong line. */
function typeIssue(type: string, source: TextSource): ConfigurationIssue {
  const about = { key: credentialsTypeKey, source: source.place(credentialsTypeKey), example: 'ak' };
  const instead = typesNotBuilt.get(type);
  if (instead !== undefined) {
    return { ...about, got: `'${type}'`, expected: `'ak': '${type}' is not built in this version; ${instead}` };
  }
  const types = [...typesNotBuilt.keys()].join(', ');
  return {
    ...about,
    got: `a text of ${type.length} characters`,
    expected: `'ak' (known but not built in this version: ${types})`,
  };
}
