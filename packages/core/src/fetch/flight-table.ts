import { KeysByName } from '../secret/keys-by-name.ts';
import type { Flight } from './flight.ts';

interface Slot {
  flight: Flight | undefined;
}

/** The number of empty slots that the table keeps beyond that of its flights. */
const maxEmptySlots = 64;

/**
 * The flights in progress, by key. A flight that ends leaves an empty slot.
 *
 * Entries of a `Map` that come and go make it outgrow its tables. V8 does not free these before the next full collection, and each
 * keeps the next one alive, with the flights in it.
 */
export class FlightTable {
  #slots = new Map<string, Slot>();
  /** The keys of `#slots`. */
  readonly #names = new KeysByName();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The keys in flight of exactly this name or ARN. */
  keysOf(name: string): readonly string[] {
    return this.#names.of(name).filter((key) => this.get(key) !== undefined);
  }

  /** Same as `keysOf`, with the keys that may be of the same secret: see `KeysByName.related`. */
  keysRelatedTo(name: string): readonly string[] {
    return this.#names.related(name).filter((key) => this.get(key) !== undefined);
  }

  get(key: string): Flight | undefined {
    return this.#slots.get(key)?.flight;
  }

  /** `undefined` removes the flight. */
  set(key: string, flight: Flight | undefined): void {
    const slot = this.#slots.get(key) ?? this.#newSlot(key);
    this.#size += Number(flight !== undefined) - Number(slot.flight !== undefined);
    slot.flight = flight;
    if (this.#slots.size > 2 * this.#size + maxEmptySlots) this.#dropEmptySlots();
  }

  #newSlot(key: string): Slot {
    const slot: Slot = { flight: undefined };
    this.#slots.set(key, slot);
    this.#names.add(key);
    return slot;
  }

  #dropEmptySlots(): void {
    const slots = new Map<string, Slot>();
    for (const [key, slot] of this.#slots) {
      if (slot.flight === undefined) this.#names.delete(key);
      else slots.set(key, slot);
    }
    this.#slots = slots;
  }
}
