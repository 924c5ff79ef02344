/**
 * Whether `value` is an error of any realm. `instanceof Error` fails for the errors of another realm, such as those of `node:fs`
 * and of sockets inside Jest and `vitest --pool=vmThreads`.
 */
export function isError(value: unknown): value is Error {
  return typeof fieldOf(value, 'message') === 'string' && typeof fieldOf(value, 'name') === 'string';
}

/** The `code` of an error of any realm, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  const code = isError(error) ? fieldOf(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** A getter that throws counts as absent. */
function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}
