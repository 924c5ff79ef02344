import type { SecretTransport } from '../ports/transport.ts';

/** How long a batch waits for more fetches (ms). They start in the same turn of the event loop or soon after. */
export const batchDelay = 2;

/** A transport that may send the fetches of the same moment as one request. */
export interface BatchingTransport extends SecretTransport {
  /** How many fetches that start now share one request. Without it: one. */
  readonly batchSize?: (() => number) | undefined;
}
