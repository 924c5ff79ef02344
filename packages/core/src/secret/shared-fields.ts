import type { SecretFields, SecretRotation } from './secret-fields.ts';

/** The fields of a secret that many secrets have in common, and those that few secrets have. */
export type SharedFields = Omit<SecretFields, 'name' | 'versionId' | 'value' | 'createdAt'>;

/** One object for each combination of fields, so that 100,000 secrets do not need as many. */
const objects = new Map<string, SharedFields>();

/** Users choose stages and types, so the number of shared objects is limited. Secrets beyond it get objects of their own. */
const maxShared = 256;

/**
 * Returns the shared object for these fields.
 *
 * A secret with rotation dates, an extended configuration or a request id gets an object of its own: no other secret has the
 * same ones.
 */
export function shareFields(fields: SecretFields): SharedFields {
  const { dataType, type, rotation, extendedConfig, requestId, stale } = fields;
  if (last !== undefined && isEqual(last, fields)) return last;
  const stages = fields.stages && frozenCopy(fields.stages);
  const own: SharedFields = { dataType, stages, type, rotation, extendedConfig, requestId, stale };
  if (extendedConfig !== undefined || requestId !== undefined) return own;
  if (rotation !== undefined && hasDates(rotation)) return own;
  const key = JSON.stringify([dataType, stages, type, rotation?.state, stale]);
  last = objects.get(key) ?? own;
  if (last === own && objects.size < maxShared) objects.set(key, own);
  return last;
}

/** The one that was returned last. Most secrets of a process have the same fields, and building a key for them takes longer. */
let last: SharedFields | undefined;

/** Whether `fields` are those of a shared object. */
function isEqual(
  shared: SharedFields,
  { dataType, stages, type, rotation, extendedConfig, requestId, stale }: SecretFields,
): boolean {
  if (extendedConfig !== undefined || requestId !== undefined) return false;
  if (shared.dataType !== dataType || shared.type !== type || shared.stale !== stale) return false;
  if (shared.rotation?.state !== rotation?.state || (rotation !== undefined && hasDates(rotation))) return false;
  if (stages === undefined || shared.stages === undefined) return stages === shared.stages;
  return stages.length === shared.stages.length && stages.every((stage, index) => stage === shared.stages?.[index]);
}

function hasDates({ interval, lastAt, nextAt }: SecretRotation): boolean {
  return interval !== undefined || lastAt !== undefined || nextAt !== undefined;
}

/** Returns the list itself if it is frozen already. */
function frozenCopy(stages: readonly string[]): readonly string[] {
  return Object.isFrozen(stages) ? stages : Object.freeze([...stages]);
}
