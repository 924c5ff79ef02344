import type { StandardSchemaV1 } from '@standard-schema/spec';

/** Issues that an error lists. A record with one schema for all values may have thousands. */
const maxIssues = 10;
/** Wrappers around a schema that are removed, such as `optional` and `default`. */
const maxWrappers = 10;

type Segment = PropertyKey | StandardSchemaV1.PathSegment;

/**
 * Where a JSON value differs from its schema, for an error. Shows no message, which may quote the value, and no key of the value,
 * which may be a secret: in a map of API keys, the keys are. A path consists of indexes and of property names that the schema
 * declares; `*` stands for any other key.
 */
export function describeIssues(
  schema: StandardSchemaV1,
  json: unknown,
  issues: readonly StandardSchemaV1.Issue[],
): string {
  const paths = new Set(issues.map(({ path = [] }) => describePath(schema, json, path)));
  const shown = [...paths].slice(0, maxIssues);
  const hidden = paths.size - shown.length;
  return shown.join(', ') + (hidden > 0 ? ` and ${hidden} more places` : '');
}

function describePath(schema: StandardSchemaV1, json: unknown, path: readonly Segment[]): string {
  let text = '';
  let declared: unknown = schema;
  let value = json;
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment;
    const { name, inner } = declaredProperty(declared, key);
    if (isIndexOf(value, key)) text += `[${key}]`;
    else text += `${text === '' ? '' : '.'}${name ?? '*'}`;
    declared = inner;
    value = fieldOf(value, key);
  }
  return text === '' ? 'the whole value' : text;
}

function isIndexOf(value: unknown, key: PropertyKey): key is string | number {
  return Array.isArray(value) && typeof key !== 'symbol' && /^\d+$/u.test(String(key)) && Object.hasOwn(value, key);
}

/**
 * Finds the property in the schema. Standard Schema does not describe the content of a schema, so this reads what the libraries
 * have: `shape` of Zod, `entries` of Valibot. In any other library no name is known.
 */
function declaredProperty(wrapped: unknown, key: PropertyKey): { readonly name?: string; readonly inner: unknown } {
  let schema = wrapped;
  for (let depth = 0; depth < maxWrappers; depth += 1) {
    const properties = fieldOf(schema, 'shape') ?? fieldOf(schema, 'entries');
    if (typeof key === 'string' && typeof properties === 'object' && properties !== null) {
      return Object.hasOwn(properties, key) ? { name: key, inner: fieldOf(properties, key) } : { inner: undefined };
    }
    const definition = fieldOf(schema, 'def') ?? fieldOf(schema, '_def');
    const wrappedSchema = fieldOf(definition, 'innerType') ?? fieldOf(definition, 'in') ?? fieldOf(schema, 'wrapped');
    if (wrappedSchema === undefined) {
      const element = fieldOf(schema, 'element') ?? fieldOf(schema, 'item');
      return { inner: element ?? fieldOf(definition, 'valueType') };
    }
    schema = wrappedSchema;
  }
  return { inner: undefined };
}

/** Schemas are code of other packages: a getter may throw, which `validate` reports. */
function fieldOf(target: unknown, key: PropertyKey): unknown {
  return typeof target === 'object' && target !== null ? Reflect.get(target, key) : undefined;
}
