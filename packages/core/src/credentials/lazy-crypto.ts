import type * as Crypto from 'node:crypto';

/**
 * Node's cryptography, loaded by who has a client key to open: an `import` at the top would cost every start as much as most of
 * `node:https` (4 ms of CPU on Node 20.20), and settings are read without waiting.
 */
export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto');
}
