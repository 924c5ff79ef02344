// The entry `@kms-secrets/core/internal`, for the other packages of this repository. It is no public API: a release may change it,
// and all packages of a release have the same version.

// One import of the command line loads everything: each file costs about 0.8 ms of its start.
export * from './index.ts';
import type { inspectClient, listSecrets } from './inspect-client.ts';
import type { connectAdvice } from './transports/https/advice.ts';
import type { describeCertificateError } from './transports/https/certificate-error.ts';

export { createSecretClientOn } from './create-client.ts';
export { machine } from './config/environment.ts';
export type { ConfigurationMachine } from './config/environment.ts';
export { closestMatch, suggestion } from './options/closest-match.ts';
export { safeMessage } from './secret/errors.ts';
export { describeDuration, formatDuration } from './time/duration.ts';
export type { ClientInspection } from './inspect-client.ts';
export type { ListedSecret } from './transports/openapi/list-secrets.ts';
export type { MadeEndpoint } from './make-transports.ts';
export type { ResolvedOptions } from './options/options.ts';

/** What examines a configuration. */
export interface Inspection {
  readonly inspectClient: typeof inspectClient;
  readonly listSecrets: typeof listSecrets;
  readonly connectAdvice: typeof connectAdvice;
  readonly describeCertificateError: typeof describeCertificateError;
}

/** Loads what examines a configuration: a command that reads a secret does not need it. */
export function inspection(): Promise<Inspection> {
  return import('./inspect-client.ts');
}
