import type { AccessKeys } from './access-keys.ts';
import type { SignedRequest } from './dialects/dialect.ts';
import { refusal } from './refusals.ts';
import { parseDate } from './settable-clock.ts';
import type { CalendarClock } from './settable-clock.ts';

/** How far a request's date may be off, and how long its nonce is remembered. */
const window = 15 * 60_000;

/** Decides whether a well-formed request is fresh, from a key we know, rightly signed, and not one we had before. */
export class Authentication {
  readonly #keys: AccessKeys;
  readonly #clock: CalendarClock;
  /** Key id and nonce -> when it was used. In the order of use, so the oldest stand first. */
  readonly #nonces = new Map<string, number>();

  constructor(parts: { keys: AccessKeys; clock: CalendarClock }) {
    this.#keys = parts.keys;
    this.#clock = parts.clock;
  }

  /** Throws the refusal; returns only for a request that may be answered. */
  check(request: SignedRequest): void {
    const now = this.#clock.date();
    const date = parseDate(request.timestamp);
    if (date === undefined) throw refusal('InvalidTimeStamp.Format');
    if (Math.abs(now - date) > window) throw refusal('InvalidTimeStamp.Expired');
    const accessKeySecret = this.#keys.secretOf(request.accessKeyId, request.securityToken);
    if (request.sign(accessKeySecret) !== request.signature) {
      // The clients compare this tail with their own string: if they are equal, the secret must be wrong.
      throw refusal('SignatureDoesNotMatch', request.stringToSign);
    }
    this.#spend(request, now);
  }

  /** How many nonces are remembered: those of the last fifteen minutes, and no more. */
  get nonces(): number {
    this.#forget(this.#clock.date());
    return this.#nonces.size;
  }

  /** Only rightly signed requests come here: nobody else may use up a nonce, or fill the memory. */
  #spend(request: SignedRequest, now: number): void {
    this.#forget(now);
    const nonce = JSON.stringify([request.accessKeyId, request.nonce]);
    if (this.#nonces.has(nonce)) throw refusal('SignatureNonceUsed');
    this.#nonces.set(nonce, now);
  }

  #forget(now: number): void {
    for (const [nonce, usedAt] of this.#nonces) {
      if (now - usedAt <= window) return;
      this.#nonces.delete(nonce);
    }
  }
}
