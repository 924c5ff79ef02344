import type { LookupAddress, LookupOptions } from 'node:dns';
import { builtinModule } from '../platform/builtin-module.ts';
import type { Clock } from '../time/clock.ts';
import { RunningTimer } from '../time/running-timer.ts';

/** The two ways to resolve a name. */
export interface NameSource {
  /** `getaddrinfo`: knows the hosts file and every other source of the system, and occupies a thread until it returns. */
  lookup(name: string, options: LookupOptions): Promise<readonly LookupAddress[]>;
  /** DNS queries over the network, without a thread and without the hosts file. */
  query(name: string, family: LookupOptions['family']): Promise<readonly LookupAddress[]>;
}

/** A name, and the options of `dns.lookup` that change its result. */
export interface NameQuery {
  readonly name: string;
  readonly options: LookupOptions;
}

interface KnownAddresses {
  readonly addresses: readonly LookupAddress[];
  readonly resolvedAt: number;
}

/** How long a look-up of one name may delay that of another before the other is resolved without a thread (ms). */
const maxWaitForThread = 100;

/**
 * Age after which a look-up no longer delays others (ms). glibc gives up after 30 s with its default settings and three name
 * servers; a `dns.lookup` that was replaced may never call back.
 */
const maxLookupTime = 30_000;

/** Age after which the last known addresses of a name are not used any more (ms). */
const maxKnownAge = 86_400_000;

/**
 * Resolves host names with at most one `dns.lookup` at a time, which concurrent requests for the same name join.
 *
 * Node runs only half of its threads (two by default) on look-ups, in the whole process. A name server that does not respond
 * keeps a thread for 10 s or more, so two hanging look-ups would stop all look-ups of the app.
 */
export class NameResolver {
  readonly #source: NameSource;
  /** By `keyOf`. */
  readonly #pending = new Map<string, Promise<readonly LookupAddress[]>>();
  readonly #known = new Map<string, KnownAddresses>();
  /** Resolves when the current `dns.lookup` has ended, or is too old to wait for. */
  #thread: Promise<void> | undefined;

  constructor(source: NameSource) {
    this.#source = source;
  }

  /** Joins the pending look-up of that name, or starts one. */
  resolve(query: NameQuery, clock: Clock): Promise<readonly LookupAddress[]> {
    const key = lookupKey(query);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const resolving = this.#resolve(query, clock);
    const forget = (): void => {
      if (this.#pending.get(key) === resolving) this.#pending.delete(key);
    };
    const cancelTimer = clock.setUnrefTimer(maxLookupTime, forget);
    this.#pending.set(key, resolving);
    resolving.then(
      (addresses) => {
        cancelTimer();
        forget();
        this.#known.set(key, { addresses, resolvedAt: clock.now() });
      },
      () => {
        cancelTimer();
        forget();
      },
    );
    return resolving;
  }

  isPending(name: string): boolean {
    return [...this.#pending.keys()].some((key) => key.startsWith(`${name} `));
  }

  /** The addresses that the last successful look-up returned. */
  lastKnown(query: NameQuery, clock: Clock): readonly LookupAddress[] | undefined {
    const known = this.#known.get(lookupKey(query));
    return known === undefined || clock.now() - known.resolvedAt > maxKnownAge ? undefined : known.addresses;
  }

  async #resolve(query: NameQuery, clock: Clock): Promise<readonly LookupAddress[]> {
    if (this.#thread !== undefined && !(await isSettledWithin(this.#thread, clock, maxWaitForThread))) {
      const addresses = await this.#query(query);
      if (addresses.length > 0) return addresses;
    }
    while (this.#thread !== undefined) await this.#thread;
    return this.#lookup(query, clock);
  }

  #lookup({ name, options }: NameQuery, clock: Clock): Promise<readonly LookupAddress[]> {
    const looking = this.#source.lookup(name, { ...options, all: true });
    const thread = isSettledWithin(looking, clock, maxLookupTime).then(() => {
      this.#thread = undefined;
    });
    this.#thread = thread;
    return looking;
  }

  /** Empty if it fails: the name may be in the hosts file only. */
  async #query({ name, options }: NameQuery): Promise<readonly LookupAddress[]> {
    try {
      return await this.#source.query(name, options.family);
    } catch {
      return [];
    }
  }
}

function lookupKey({ name, options: { family, hints, order, verbatim } }: NameQuery): string {
  return `${name} ${JSON.stringify([family, hints, order, verbatim])}`;
}

/** Resolves to whether `promise` settles within `ms` milliseconds. Never rejects. */
function isSettledWithin(promise: Promise<unknown>, clock: Clock, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = new RunningTimer({ clock }, ms, () => resolve(false));
    const settled = (): void => {
      timer.clear();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}

const systemSource: NameSource = {
  // Called as a property: an app or a tracing agent may have replaced it.
  lookup: (name, options) =>
    new Promise((resolve, reject) => {
      builtinModule('node:dns').lookup(name, { ...options, all: true }, (error, addresses) => {
        if (error) reject(error);
        else resolve(addresses);
      });
    }),
  async query(name, family) {
    const { promises } = builtinModule('node:dns');
    const resolver = new promises.Resolver({ timeout: 1_000, tries: 2 });
    const families = ([4, 6] as const).filter((each) => !family || `IPv${each}` === family || each === family);
    const results = await Promise.allSettled(
      families.map(async (each) => {
        const addresses = each === 4 ? await resolver.resolve4(name) : await resolver.resolve6(name);
        return addresses.map((address) => ({ address, family: each }));
      }),
    );
    return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  },
};

/** The resolver of this process: all clients share its threads. */
export const processResolver: NameResolver = new NameResolver(systemSource);
