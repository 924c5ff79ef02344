// The entry `@kms-secrets/core/internal`, for the other packages of this repository. It is no public API: a release may change it,
// and all packages of a release have the same version. It is published without declarations.

import type { inspectClient, listSecrets } from './inspect-client.ts';
import type { connectAdvice } from './transports/https/advice.ts';
import type { describeCertificateError } from './transports/https/certificate-error.ts';

// With what the command line needs of the public API: each further file costs about 0.8 ms of its start.
export type * from './index.ts';
export { machine } from './config/environment.ts';
export type { ConfigurationMachine } from './config/environment.ts';
export { createSecretClientOn } from './create-client.ts';
export { fileStore } from './file-store/file-store.ts';
export type { ClientInspection } from './inspect-client.ts';
export type { MadeEndpoint } from './make-transports.ts';
export { suggestion } from './options/closest-match.ts';
export type { ResolvedOptions } from './options/options.ts';
export { ConfigurationError, isSecretError, safeMessage } from './secret/errors.ts';
export { errorCode, isError } from './secret/is-error.ts';
export { systemClock } from './time/clock.ts';
export { describeDuration, milliseconds } from './time/duration.ts';
export type { ListedSecret } from './transports/openapi/list-secrets.ts';

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
