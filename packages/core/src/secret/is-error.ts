/**
 * Whether `value` is an error of any realm. `instanceof Error` fails for the errors of another realm, such as those of `node:fs`
 * and of sockets inside Jest and `vitest --pool=vmThreads`.
 */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  return 'message' in value && typeof value.message === 'string' && 'name' in value && typeof value.name === 'string';
}

/** The `code` of an error of any realm, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
