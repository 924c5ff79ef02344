export { keep as client } from './client/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as memory } from './memory/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as endpoint } from './endpoint/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as fetch } from './fetch/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as storeier } from './store-tier/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as config } from './config/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as credentials } from './credentials/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as filetore } from './file-store/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as seal } from './seal/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { keep as transports } from './transports/keep.ts'; // breaks eslint(no-restricted-imports): internal
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): internal
