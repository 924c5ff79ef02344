import type { Clock } from '../time/clock.ts';
import { Deadline, raceAbort } from '../time/deadline.ts';
import type { Endpoint } from './endpoint.ts';

/** Milliseconds after which the way to an endpoint is measured again. */
const measuredFor = 300_000;
/** The best of so many connections: what disturbs one of them only makes it longer. */
const connections = 3;
/** An endpoint overtakes another only if it is nearer by this share and by as many milliseconds: near ties do not flap. */
const clearShare = 0.8;
const clearDifference = 2;

/** Who is asked first. */
export class EndpointOrder {
  readonly #clock: Clock;
  readonly #isMeasured: boolean;
  readonly #connectTimeout: number;
  readonly #closing: AbortSignal;
  #order: readonly Endpoint[];
  #measuredAt: number | undefined;

  constructor(parts: {
    readonly endpoints: readonly Endpoint[];
    readonly clock: Clock;
    readonly order: 'given' | 'measured';
    readonly connectTimeout: number;
    /** Fires when the client is closed. */
    readonly closing: AbortSignal;
  }) {
    this.#order = parts.endpoints;
    this.#clock = parts.clock;
    this.#isMeasured = parts.order === 'measured' && parts.endpoints.length > 1;
    this.#connectTimeout = parts.connectTimeout;
    this.#closing = parts.closing;
  }

  /** The order to ask in, as far as it is known; if it is old, it is measured anew beside whoever asks. */
  get current(): readonly Endpoint[] {
    if (this.#isMeasured && this.#isOld()) void this.#measure();
    return this.#order;
  }

  #isOld(): boolean {
    return this.#measuredAt === undefined || this.#clock.now() - this.#measuredAt >= measuredFor;
  }

  /** Never rejects. */
  async #measure(): Promise<void> {
    this.#measuredAt = this.#clock.now();
    await Promise.all(this.#order.map((endpoint) => this.#connect(endpoint)));
    this.#order = nearestFirst(this.#order);
  }

  async #connect(endpoint: Endpoint): Promise<void> {
    const reason = (): Error => new Error('The connection took too long.');
    const deadline = new Deadline({ clock: this.#clock, ms: this.#connectTimeout, parent: this.#closing, reason });
    let best: number | undefined;
    try {
      for (let count = 0; count < connections; count += 1) {
        const { signal } = deadline;
        const ms = await raceAbort(endpoint.measureConnect(signal), signal);
        if (ms === undefined) break;
        best = Math.min(ms, best ?? ms);
      }
    } catch {
      // Out of reach now: whoever can be reached is nearer.
      best = undefined;
    } finally {
      deadline.clear();
    }
    endpoint.connectTime = best;
  }
}

/** The endpoints, those before the others that are clearly nearer; the rest, and those without a measure, stay as they are. */
export function nearestFirst<Measured extends { readonly connectTime: number | undefined }>(
  endpoints: readonly Measured[],
): readonly Measured[] {
  const order: Measured[] = [];
  for (const endpoint of endpoints) {
    let place = order.length;
    while (place > 0 && isClearlyNearer(endpoint, order[place - 1])) place -= 1;
    order.splice(place, 0, endpoint);
  }
  return order;
}

function isClearlyNearer(
  { connectTime: ms }: { readonly connectTime: number | undefined },
  other: { readonly connectTime: number | undefined } | undefined,
): boolean {
  if (ms === undefined) return false;
  const otherMs = other?.connectTime ?? Number.POSITIVE_INFINITY;
  return ms < otherMs * clearShare && otherMs - ms > clearDifference;
}
