export { keep as refresher } from './refresh/keep.ts'; // breaks eslint(no-restricted-imports): what outlives the process
export { keep as fetcher } from './resilience/keep.ts'; // breaks eslint(no-restricted-imports): what outlives the process
export { fileStore } from './stores/file-store.ts'; // breaks eslint(no-restricted-imports): what outlives the process
export { client } from './client.ts'; // breaks eslint(no-restricted-imports): what outlives the process
