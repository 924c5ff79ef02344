export { Pool } from 'pg'; // breaks eslint(no-restricted-imports): by the entry point of its name
export { createKeyring } from '../../core/src/stores/keyring.ts'; // breaks eslint(no-restricted-imports): public API
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): public API
export const begun = performance.now(); // breaks eslint(no-restricted-globals): from the Clock
setTimeout(() => begun, 1); // breaks eslint(no-restricted-globals): timers of the Clock
setInterval(() => 1, 1); // breaks eslint(no-restricted-globals): timers of the Clock
setImmediate(() => 1); // breaks eslint(no-restricted-globals): timers of the Clock
export const url = process.env['DATABASE_URL']; // breaks node(no-process-env): process.env
console.log(url); // breaks eslint(no-console): console
