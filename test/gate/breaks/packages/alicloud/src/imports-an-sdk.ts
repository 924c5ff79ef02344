export { default as OSS } from 'ali-oss'; // breaks eslint(no-restricted-imports): those of the user
export { createKeyring } from '../../core/src/stores/keyring.ts'; // breaks eslint(no-restricted-imports): public API
setTimeout(() => 1, 1); // breaks eslint(no-restricted-globals): belong in core
export const key = process.env['ALIBABA_CLOUD_ACCESS_KEY_ID']; // breaks node(no-process-env): process.env
