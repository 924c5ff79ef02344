// The entry `@kms-secrets/core/internal`, for the other packages of this repository. It is no public API: a release may change it,
// and all packages of a release have the same version.

// One import of the command line loads everything: each file costs about 0.8 ms of its start.
export * from './index.ts';
export { createSecretClientOn } from './create-client.ts';
export { machine } from './config/environment.ts';
export type { ConfigurationMachine } from './config/environment.ts';
export { closestMatch, suggestion } from './options/closest-match.ts';
export { safeMessage } from './secret/errors.ts';
export { describeDuration, formatDuration } from './time/duration.ts';
