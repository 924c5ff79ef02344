import type { AccessKeys, GatewayKind, Rights } from './access-keys.ts';
import type { KeySignedRequest, SecretSignedRequest, SignedRequest } from '../protocols/protocol.ts';
import { refusal } from '../api/api-error.ts';
import type { Refusal } from '../api/api-error.ts';
import { parseDate } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';

/** How far a request's date may be off, and how long its nonce is remembered. */
export const dateTolerance: number = 15 * 60_000;

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

  /** Throws the refusal; returns only for a request that may be answered, with what its key may read. */
  check(request: SignedRequest, gateway: GatewayKind = 'shared'): Rights {
    const now = this.#clock.date();
    const date = parseDate(request.timestamp);
    if (date === undefined) throw refusal('InvalidTimeStamp.Format');
    if (Math.abs(now - date) > dateTolerance) throw refusal('InvalidTimeStamp.Expired');
    const rights = 'sign' in request ? this.#checkSecret(request) : this.#checkKey(request, gateway);
    if (request.nonce !== undefined) this.#spend(request.accessKeyId, request.nonce, now);
    return rights;
  }

  #checkSecret(request: SecretSignedRequest): Rights {
    const accessKeySecret = this.#keys.secretOf(request.accessKeyId, request.securityToken);
    if (request.sign(accessKeySecret) !== request.signature) throw mismatch(request);
    return this.#keys.rightsOf(request.accessKeyId);
  }

  #checkKey(request: KeySignedRequest, gateway: GatewayKind): Rights {
    const key = this.#keys.clientKey(request.accessKeyId, request.securityToken);
    if (!request.isSignedBy(key.publicKey)) throw mismatch(request);
    // After the signature: only the key's owner is told what its access point allows.
    if (!key.gateways.includes(gateway)) throw refusal('Forbidden.NoPermission');
    return key.rights;
  }

  /** How many nonces are remembered: those of the last fifteen minutes, and no more. */
  get nonces(): number {
    this.#forget(this.#clock.date());
    return this.#nonces.size;
  }

  /** Only rightly signed requests come here: nobody else may use up a nonce, or fill the memory. */
  #spend(accessKeyId: string, value: string, now: number): void {
    this.#forget(now);
    const nonce = JSON.stringify([accessKeyId, value]);
    if (this.#nonces.has(nonce)) throw refusal('SignatureNonceUsed');
    this.#nonces.set(nonce, now);
  }

  #forget(now: number): void {
    for (const [nonce, usedAt] of this.#nonces) {
      if (now - usedAt <= dateTolerance) return;
      this.#nonces.delete(nonce);
    }
  }
}

/** The clients compare this tail with their own string: if they are equal, the secret must be wrong. */
function mismatch({ stringToSign }: SignedRequest): Refusal {
  return refusal('SignatureDoesNotMatch', stringToSign);
}
