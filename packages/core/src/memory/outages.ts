import type { Clock } from '../time/clock.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';

/** Why a secret cannot be refreshed just now. */
export interface Trouble {
  readonly error: AnySecretError;
  /** The clock's `now`. */
  readonly at: number;
  /** How many fetches in a row came to nothing; 0 while the first is still trying. */
  readonly times: number;
  /** The old value as it is handed out meanwhile; there from the first time it was. */
  readonly served: Secret | undefined;
}

/** The secrets that cannot be refreshed, from the first sign of it until a fetch succeeds. */
export class Troubles {
  readonly #clock: Clock;
  readonly #troubles = new Map<string, Trouble>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get keys(): readonly string[] {
    return [...this.#troubles.keys()];
  }

  get(key: string): Trouble | undefined {
    return this.#troubles.get(key);
  }

  /** The fetch under way has run into trouble, and goes on. */
  begin(key: string, error: AnySecretError): void {
    const present = this.#troubles.get(key);
    this.#troubles.set(key, { error, at: this.#clock.now(), times: present?.times ?? 0, served: present?.served });
  }

  /** A fetch has come to nothing; returns how many have in a row. */
  failed(key: string, error: AnySecretError): number {
    const present = this.#troubles.get(key);
    const times = (present?.times ?? 0) + 1;
    this.#troubles.set(key, { error, at: this.#clock.now(), times, served: present?.served });
    return times;
  }

  /** `secret` is handed out as stale; says whether that is the first time in this trouble. */
  serve(key: string, secret: Secret): { readonly stale: Secret; readonly isFirst: boolean } | undefined {
    const present = this.#troubles.get(key);
    if (present === undefined) return undefined;
    if (present.served !== undefined) return { stale: present.served, isFirst: false };
    const stale = secret.asStale();
    this.#troubles.set(key, { ...present, served: stale });
    return { stale, isFirst: true };
  }

  over(key: string): void {
    this.#troubles.delete(key);
  }

  clear(): void {
    this.#troubles.clear();
  }
}
