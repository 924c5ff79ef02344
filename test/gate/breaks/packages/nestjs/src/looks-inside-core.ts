export type { Secret } from '@kms-secrets/core/dist/secret.js'; // breaks eslint(no-restricted-imports): public API
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): public API
export { secrets } from '@kms-secrets/express'; // breaks eslint(no-restricted-imports): An adapter imports
export { TerminusModule } from '@nestjs/terminus'; // breaks eslint(no-restricted-imports): optional packages need their own entry point
export { ConfigModule } from '@nestjs/config'; // breaks eslint(no-restricted-imports): An adapter imports
export { SecretsHealthIndicator } from './terminus.ts'; // breaks eslint(no-restricted-imports): optional packages need their own entry point
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): An adapter imports
