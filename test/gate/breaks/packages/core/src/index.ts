export { SecretClient } from './client.ts'; // breaks eslint(no-restricted-imports): The door opens on
export { Entry } from './cache/entry.ts'; // breaks eslint(no-restricted-imports): stay inside
export { FileStore } from './stores/file-store.ts'; // breaks eslint(no-restricted-imports): stay inside
