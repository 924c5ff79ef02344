import type { ExpiryMonitor } from '../endpoint/expiry-monitor.ts';
import type { EndpointSet } from '../endpoint/endpoint-set.ts';
import type { Batching } from '../fetch/batching.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { Entry } from '../memory/entry.ts';
import type { SecretMemory } from '../memory/memory.ts';
import type { CredentialsProvider } from '../ports/credentials.ts';
import type { RunInContext } from '../ports/run-in-context.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { SecretEmitter } from '../secret/events.ts';
import type { Counters } from '../secret/counters.ts';
import type { StoreTier } from '../store-tier/store-tier.ts';
import type { Preloader } from './preload.ts';
import type { Reader } from './reader.ts';

/** The parts of a client. `create-client.ts` makes and connects them. */
export interface ClientParts {
  readonly options: ResolvedOptions;
  /** Runs a task in the async context in which the client was created. */
  readonly inContext: RunInContext;
  readonly events: SecretEmitter;
  readonly counters: Counters;
  /** Aborts when the client is closed. */
  readonly closing: AbortController;
  /** The provider of the client's identity; `undefined` for a client key. */
  readonly credentials: () => CredentialsProvider | undefined;
  readonly endpoints: EndpointSet;
  readonly expiry: ExpiryMonitor;
  readonly batching: Batching;
  readonly memory: SecretMemory;
  readonly storeTier: StoreTier;
  readonly fetcher: Fetcher;
  readonly reader: Reader<Entry>;
  readonly preloader: Preloader;
}
