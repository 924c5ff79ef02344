import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../time/clock.ts';
import type { NameQuery, NameResolver } from './name-resolver.ts';
import { RunningTimer } from '../time/running-timer.ts';

export interface NameLookupOptions {
  readonly resolver: NameResolver;
  readonly clock: Clock;
  /** Milliseconds for DNS, TCP and TLS together. */
  readonly connectTimeout: number;
}

/**
 * The `lookup` of a socket. It has the contract of `dns.lookup`, joins a pending look-up of the same name, and returns the last
 * known addresses if the look-up fails or takes half of the connect timeout.
 */
export class NameLookup {
  readonly #options: NameLookupOptions;
  /** The number of addresses that `skipAddress` skipped. */
  #skipped = 0;

  constructor(options: NameLookupOptions) {
    this.#options = options;
  }

  readonly lookup: LookupFunction = (name, options, callback) => {
    const { resolver, clock, connectTimeout } = this.#options;
    const query: NameQuery = { name, options };
    let isSettled = false;
    const settle = (callBack: () => void): void => {
      if (isSettled) return;
      isSettled = true;
      timer.clear();
      callBack();
    };
    const succeed = (addresses: readonly LookupAddress[]): void =>
      settle(() => respond(callback, options, rotate(addresses, this.#skipped)));
    const useLastKnown = (): void => {
      const known = resolver.lastKnown(query, clock);
      if (known !== undefined) succeed(known);
    };
    const timer = new RunningTimer({ clock }, connectTimeout / 2, useLastKnown);
    resolver.resolve(query, clock).then(succeed, (error: NodeJS.ErrnoException) => {
      const known = resolver.lastKnown(query, clock);
      if (known === undefined) settle(() => callback(error, []));
      else succeed(known);
    });
  };

  /** Whether the connection waits for the name, not for the host. */
  isPending(name: string): boolean {
    return this.#options.resolver.isPending(name);
  }

  /**
   * Makes the next connection start with the next address. Node gives up each address but the last after
   * `autoSelectFamilyAttemptTimeout`, so a slow host must also be tried as the last one.
   */
  skipAddress(): void {
    this.#skipped += 1;
  }
}

function rotate(addresses: readonly LookupAddress[], by: number): LookupAddress[] {
  const first = addresses.length === 0 ? 0 : by % addresses.length;
  return [...addresses.slice(first), ...addresses.slice(0, first)];
}

/** A socket requests all addresses, unless `autoSelectFamily` is off. */
function respond(callback: Parameters<LookupFunction>[2], { all }: LookupOptions, addresses: LookupAddress[]): void {
  const [first] = addresses;
  if (all === true || first === undefined) callback(null, addresses);
  else callback(null, first.address, first.family);
}
