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

/**
 * The name of an error, for messages: that of its class, which is written in code, or one of the form `ThrottlingError`. Any other
 * text in `name` may be data, such as a token.
 */
export function errorName(error: unknown): string | undefined {
  const name = fieldOf(error, 'name');
  if (typeof name === 'string' && name !== 'Error' && commonName.test(name)) return name;
  const constructor = fieldOf(prototypeOf(error), 'constructor');
  const className = typeof constructor === 'function' ? constructor.name : '';
  return /^[A-Za-z_$][\w$]{0,59}$/u.test(className) ? className : undefined;
}

/**
 * The `code` of an error of other code, if it has the form of a code: `ECONNRESET`, `ERR_INVALID_URL`, `Forbidden.KeyNotFound`. A
 * key or a token has digits, single letters or a length that codes do not have.
 */
export function safeCode(error: unknown): string | undefined {
  const code = errorCode(error);
  const isCode = code !== undefined && !/\d{4}/u.test(code) && (systemCode.test(code) || serviceCode.test(code));
  return isCode ? code : undefined;
}

const commonName = /^(?:[A-Z]{1,4}[a-z]{1,15}){1,6}(?:Error|Exception|Failure|Timeout|Warning)$/u;
const systemCode = /^[A-Z][A-Z\d]{0,15}(?:_[A-Z\d]{1,15}){0,7}$/u;
const serviceCode = /^(?:[A-Z]{1,4}[a-z]{1,15}){1,8}(?:\.(?:[A-Z]{1,4}[a-z]{1,15}){1,8}){0,3}$/u;

/** A getter that throws counts as absent. */
export function fieldOf(value: unknown, name: string | symbol): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

/** A proxy may throw. */
function prototypeOf(value: unknown): unknown {
  try {
    return Object.getPrototypeOf(value);
  } catch {
    return undefined;
  }
}
