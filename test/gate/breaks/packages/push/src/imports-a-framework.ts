export { default as express } from 'express'; // breaks eslint(no-restricted-imports): those of the user
export { createServer } from 'node:http'; // breaks eslint(no-restricted-imports): node:crypto and the parser
export { createKeyring } from '../../core/src/stores/keyring.ts'; // breaks eslint(no-restricted-imports): public API
export const begun = performance.now(); // breaks eslint(no-restricted-globals): from the Clock
setTimeout(() => begun, 1); // breaks eslint(no-restricted-globals): timers of the Clock
setInterval(() => 1, 1); // breaks eslint(no-restricted-globals): timers of the Clock
setImmediate(() => 1); // breaks eslint(no-restricted-globals): timers of the Clock
export const token = process.env['PUSH_TOKEN']; // breaks node(no-process-env): process.env
