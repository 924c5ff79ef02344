export type { Secret } from '@kms-secrets/core/dist/secret.js'; // breaks eslint(no-restricted-imports): by its door
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): by its door
export { secrets } from '@kms-secrets/express'; // breaks eslint(no-restricted-imports): An adapter imports
export { TerminusModule } from '@nestjs/terminus'; // breaks eslint(no-restricted-imports): what is optional stands behind a door of its own
export { ConfigModule } from '@nestjs/config'; // breaks eslint(no-restricted-imports): An adapter imports
export { SecretsHealthIndicator } from './terminus.ts'; // breaks eslint(no-restricted-imports): what is optional stands behind a door of its own
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): An adapter imports
