import type * as Crypto from 'node:crypto';

/**
 * `node:crypto`, loaded on first use. A static import would cost every start 4 ms of CPU (Node 20.20), which only a client
 * key needs. `await import()` is no option, because the configuration is read synchronously.
 */
export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto');
}
