import * as nodeModule from 'node:module';
import { join } from 'node:path';

/** The parts of Node's module `node:module` that exist from Node 22.1. */
interface CompileCacheModule {
  readonly enableCompileCache?: (directory?: string) => unknown;
}

/**
 * Stores the compiled code of this command, which saves each start some milliseconds. In a folder of the user: Node's default is in
 * the temporary folder, where another user could put compiled code for this one to run. Does nothing before Node 22.1.
 */
export function enableCompileCache(
  { env }: { readonly env: Readonly<Record<string, string | undefined>> },
  // The types are those of Node 20.
  module: CompileCacheModule = nodeModule as object,
): void {
  const home = env['HOME'] ?? env['LOCALAPPDATA'];
  const folder = env['XDG_CACHE_HOME'] ?? (home === undefined ? undefined : join(home, '.cache'));
  if (folder !== undefined) module.enableCompileCache?.(join(folder, 'kms-secrets', 'compile-cache'));
}
