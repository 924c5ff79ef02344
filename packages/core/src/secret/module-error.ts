import { errorCode, isError } from './is-error.ts';

/** A module of this package or of a dependency could not be loaded. The message is that of the loader, which contains no secret. */
export class ModuleLoadError extends Error {
  override readonly name = 'ModuleLoadError';
  /** The code of the loader or of the system, such as `ERR_MODULE_NOT_FOUND` or `EMFILE`. */
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(isError(cause) ? firstLine(cause.message) : 'a value that is not an Error was thrown');
    this.code = errorCode(cause);
  }
}

/** Loads a module with `import()`. Rejects with a `ModuleLoadError`. */
export async function loadModule<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw new ModuleLoadError(error);
  }
}

/** The message of an error of a module loader, or of the code that a bundler puts in its place; `undefined` for any other error. */
export function moduleErrorMessage(error: unknown): string | undefined {
  if (!isError(error)) return undefined;
  const line = firstLine(error.message);
  if (error.name === 'ModuleLoadError' || loaderCodes.has(errorCode(error) ?? '')) return line;
  return bundlerMessages.some((pattern) => pattern.test(line)) ? line : undefined;
}

/** The rest of a loader's message is a list of files. */
function firstLine(message: string): string {
  return message
    .split('\n', 1)
    .join('')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, 300);
}

/** Codes of Node's loaders (https://nodejs.org/api/errors.html). */
const loaderCodes: ReadonlySet<string> = new Set([
  'MODULE_NOT_FOUND',
  'ERR_DLOPEN_FAILED',
  'ERR_INVALID_MODULE_SPECIFIER',
  'ERR_INVALID_PACKAGE_CONFIG',
  'ERR_INVALID_PACKAGE_TARGET',
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_IMPORT_NOT_DEFINED',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_REQUIRE_ASYNC_MODULE',
  'ERR_REQUIRE_CYCLE_MODULE',
  'ERR_REQUIRE_ESM',
  'ERR_UNKNOWN_BUILTIN_MODULE',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNKNOWN_MODULE_FORMAT',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_UNSUPPORTED_ESM_URL_SCHEME',
]);

/** Of esbuild, rolldown, rollup, webpack, Turbopack, and of CommonJS that runs as an ES module. They have no code. */
const bundlerMessages: readonly RegExp[] = [
  /^Dynamic require of "[^"]+" is not supported$/u,
  /^Calling `require` for "[^"]+" in an environment that doesn't expose the `require` function/u,
  /^Could not dynamically require "[^"]+"\./u,
  /^Cannot find (?:module|package) '[^']+'/u,
  /^dynamic usage of require is not supported$/u,
  /^(?:require|module|exports|__dirname|__filename) is not defined(?: in ES module scope.*)?$/u,
];
