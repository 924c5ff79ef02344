import type { SecretTransport } from '../ports/transport.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { CancelSignal } from '../time/abort.ts';
import { raceAbort } from '../time/deadline.ts';

/** A transport of this package, which accepts any `CancelSignal`. */
interface OwnTransport extends SecretTransport {
  fetch(request: SecretRequest, signal: CancelSignal): Promise<Secret>;
}

type BatchTransport = OwnTransport & Required<Pick<SecretTransport, 'fetchMany'>>;

type Lazy<Transport> = Transport & { readonly acceptsCancelSignal: true };

/**
 * Returns a transport whose code is loaded by its first fetch. `node:https` and the modules that use it take as long to load as
 * the rest of core, and many processes never fetch: a build, or a process that finds its secrets in a store.
 */
export function lazyTransport(endpoint: string, load: () => Promise<OwnTransport>): Lazy<OwnTransport> {
  return forward(new LazyTransport(load), endpoint);
}

/** Same as `lazyTransport`, for a transport with `fetchMany`. */
export function lazyBatchTransport(endpoint: string, load: () => Promise<BatchTransport>): Lazy<BatchTransport> {
  const lazy = new LazyTransport(load);
  return {
    ...forward(lazy, endpoint),
    fetchMany: (requests, signal) => lazy.use((transport) => transport.fetchMany(requests, signal), signal),
  };
}

function forward(lazy: LazyTransport<OwnTransport>, endpoint: string): Lazy<OwnTransport> {
  return {
    endpoint,
    acceptsCancelSignal: true,
    fetch: (request, signal) => lazy.loaded?.fetch(request, signal) ?? fetchLater(lazy, request, signal),
    close: () => lazy.close(),
  };
}

/** A function of its own, so that a fetch with a loaded transport creates no closure. */
function fetchLater(lazy: LazyTransport<OwnTransport>, request: SecretRequest, signal: CancelSignal): Promise<Secret> {
  return lazy.use((transport) => transport.fetch(request, signal), signal);
}

class LazyTransport<Transport extends SecretTransport> {
  readonly #load: () => Promise<Transport>;
  #loading: Promise<Transport> | undefined;
  #loaded: Transport | undefined;
  #isClosed = false;

  constructor(load: () => Promise<Transport>) {
    this.#load = load;
  }

  get loaded(): Transport | undefined {
    return this.#loaded;
  }

  /** Calls `run` with the transport, after it was loaded. */
  use<Value>(run: (transport: Transport) => Promise<Value>, signal: CancelSignal): Promise<Value> {
    if (this.#loaded !== undefined) return run(this.#loaded);
    this.#loading ??= this.#open();
    return raceAbort(this.#loading, signal).then(run);
  }

  close(): Promise<void> | void {
    this.#isClosed = true;
    return this.#loaded?.close();
  }

  async #open(): Promise<Transport> {
    try {
      this.#loaded = await this.#load();
    } catch (error) {
      // Not cached: the next attempt may succeed, for example after EMFILE (too many open files).
      this.#loading = undefined;
      throw error;
    }
    // It was closed while it was loading. The closed transport rejects the pending fetches.
    if (this.#isClosed) await this.#loaded.close();
    return this.#loaded;
  }
}
