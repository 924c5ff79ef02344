import type { SecretTransport } from '../ports/transport.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { CancelSignal } from '../time/abort.ts';

/** How long a batch waits for more fetches (ms). They start in the same turn of the event loop or soon after. */
export const batchDelay = 2;

/** A fetch that may share its request with others. */
export interface BatchMember {
  /** Waits for a permit of its own, because the request that it shared was rejected. */
  leaveBatch(): Promise<void>;
}

/** A transport that may send the fetches of the same moment as one request. */
export interface BatchingTransport extends SecretTransport {
  /** Without `member`, a fetch whose batch was rejected is sent without a permit. */
  fetch(request: SecretRequest, signal: CancelSignal, member?: BatchMember): Promise<Secret>;
  /**
   * Whether `fetch` accepts any `CancelSignal` and rejects as soon as it aborts, as the transports of this package do. Others get an
   * `AbortSignal`, whose creation takes as much CPU time as signing a request.
   */
  readonly acceptsCancelSignal?: boolean | undefined;
  /** How many fetches that start now share one request. Without it: one. */
  readonly batchSize?: (() => number) | undefined;
}
