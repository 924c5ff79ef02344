/** A JSON object from outside. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `undefined` unless the bytes are the UTF-8 text of a JSON object. */
export function parseJson(bytes: Uint8Array): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}

/** An object, or the object in a JSON text. `undefined` for anything else. */
export function objectIn(value: unknown): JsonObject | undefined {
  if (typeof value !== 'string') return objectOf(value);
  try {
    return objectOf(JSON.parse(value));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/**
 * The text of an own property. `undefined` if it is empty, too long, has control characters or is no text. A control character would
 * add lines to a log, and separates the name from the stage in the keys of the client.
 */
export function textOf(object: JsonObject | undefined, key: string): string | undefined {
  const value = valueOf(object, key);
  if (typeof value !== 'string' || value === '' || value.length > maxTextLength) return undefined;
  return /\p{Cc}/u.test(value) ? undefined : value;
}

/** An own property: not one of the prototype, such as `constructor`. */
export function valueOf(object: JsonObject | undefined, key: string): unknown {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

const maxTextLength = 512;
