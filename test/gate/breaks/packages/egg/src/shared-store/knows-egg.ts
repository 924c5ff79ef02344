export { Application } from 'egg'; // breaks eslint(no-restricted-imports): nothing of Egg
export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): public API
export { SecretsApp } from '../app.ts'; // breaks eslint(no-restricted-imports): nothing of Egg
export { request } from 'node:http'; // breaks eslint(no-restricted-imports): The store of the agent imports
setTimeout(() => 1, 1); // breaks eslint(no-restricted-globals): An adapter has no timers
