import type { SecretTransport } from '../ports/transport.ts';

type BatchTransport = SecretTransport & Required<Pick<SecretTransport, 'fetchMany'>>;

/**
 * A transport whose code is loaded with its first fetch: `node:https` and what stands on it take as long to load as all else
 * together, and many a process that makes a client is a build, or finds its secrets in a store.
 */
export function lazyTransport(endpoint: string, load: () => Promise<SecretTransport>): SecretTransport {
  return through(new LazyTransport(load), endpoint);
}

/** As `lateTransport`, of one that can fetch many. */
export function lazyBatchTransport(endpoint: string, load: () => Promise<BatchTransport>): BatchTransport {
  const late = new LazyTransport(load);
  return {
    ...through(late, endpoint),
    fetchMany: (requests, signal) => late.with((transport) => transport.fetchMany(requests, signal)),
  };
}

function through(late: LazyTransport<SecretTransport>, endpoint: string): SecretTransport {
  return {
    endpoint,
    fetch: (request, signal) => late.with((transport) => transport.fetch(request, signal)),
    close: () => late.close(),
  };
}

class LazyTransport<Transport extends SecretTransport> {
  readonly #load: () => Promise<Transport>;
  #loading: Promise<Transport> | undefined;
  #loaded: Transport | undefined;
  #isClosed = false;

  constructor(load: () => Promise<Transport>) {
    this.#load = load;
  }

  with<Value>(use: (transport: Transport) => Promise<Value>): Promise<Value> {
    if (this.#loaded !== undefined) return use(this.#loaded);
    this.#loading ??= this.#open();
    return this.#loading.then(use);
  }

  close(): Promise<void> | void {
    this.#isClosed = true;
    return this.#loaded?.close();
  }

  async #open(): Promise<Transport> {
    try {
      this.#loaded = await this.#load();
    } catch (error) {
      // Not remembered: what failed once (too many open files) may work the next time.
      this.#loading = undefined;
      throw error;
    }
    // Closed while it was loaded; it refuses what it is asked now.
    if (this.#isClosed) await this.#loaded.close();
    return this.#loaded;
  }
}
