import type * as Crypto from 'node:crypto';

/**
 * Returns `node:crypto`, which is loaded on first use: loading takes 4 ms of CPU time (Node 20.20), and only client keys need it.
 * `await import()` cannot be used, because the configuration is read synchronously.
 */
export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto');
}
