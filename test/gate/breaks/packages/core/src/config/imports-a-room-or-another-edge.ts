export { Entry } from '../cache/entry.ts'; // breaks eslint(no-restricted-imports): no room
export type { Schedule } from '../refresh/schedule.ts'; // breaks eslint(no-restricted-imports): no room
export { SingleFlight } from '../resilience/single-flight.ts'; // breaks eslint(no-restricted-imports): no room
export { other } from '../stores/other.ts'; // breaks eslint(no-restricted-imports): no other edge
export { SecretClient } from '../client.ts'; // breaks eslint(no-restricted-imports): An edge imports itself
export { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): An edge imports itself
export * from '../index.ts'; // breaks eslint(no-restricted-imports): An edge imports itself
export type { Secret } from '@kms-secrets/core'; // breaks eslint(no-restricted-imports): An edge imports itself
export const later = (): Promise<unknown> => import('../stores/other.ts'); // breaks eslint(no-restricted-imports): no other edge
