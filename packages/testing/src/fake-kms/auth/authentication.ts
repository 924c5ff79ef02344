import { apiError, customError } from '../api/api-error.ts';
import type { ApiError } from '../api/api-error.ts';
import type { HmacSignedRequest, RsaSignedRequest, SignedRequest } from '../protocols/protocol.ts';
import { parseDate } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { AccessKeys, GatewayKind, ReadPermission } from './access-keys.ts';

/** How far the date of a request may differ from the server's, and how long a nonce is remembered (ms). */
export const dateTolerance: number = 15 * 60_000;

/** Checks the date, key, signature and nonce of well-formed requests. */
export class Authentication {
  readonly #keys: AccessKeys;
  readonly #clock: CalendarClock;
  /** Key id and nonce -> time of use, oldest first. */
  readonly #nonces = new Map<string, number>();

  constructor(parts: { keys: AccessKeys; clock: CalendarClock }) {
    this.#keys = parts.keys;
    this.#clock = parts.clock;
  }

  /** Returns the permission of the key that signed. Throws an `ApiError` if the request is not authentic. */
  authenticate(request: SignedRequest, gateway: GatewayKind = 'shared'): ReadPermission {
    const now = this.#clock.date();
    const date = parseDate(request.timestamp);
    if (date === undefined) throw apiError('InvalidTimeStamp.Format');
    if (Math.abs(now - date) > dateTolerance) throw apiError('InvalidTimeStamp.Expired');
    const permission = 'sign' in request ? this.#verifyHmac(request) : this.#verifyRsa(request, gateway);
    if (request.nonce !== undefined) this.#useNonce(request.accessKeyId, request.nonce, now);
    return permission;
  }

  #verifyHmac(request: HmacSignedRequest): ReadPermission {
    const accessKeySecret = this.#keys.secretFor(request.accessKeyId, request.securityToken);
    if (request.sign(accessKeySecret) !== request.signature) throw signatureMismatch(request);
    return this.#keys.permissionOf(request.accessKeyId);
  }

  #verifyRsa(request: RsaSignedRequest, gateway: GatewayKind): ReadPermission {
    const key = this.#keys.clientKeyFor(request.accessKeyId, request.securityToken);
    if (!request.isSignedBy(key.publicKey)) throw signatureMismatch(request);
    // After the signature check, so that only the owner of the key learns the rules of its access point.
    if (!key.gateways.includes(gateway)) throw apiError('Forbidden.NoPermission');
    return key.canRead;
  }

  /** The number of nonces remembered: those of the last fifteen minutes. */
  get nonceCount(): number {
    this.#dropOldNonces(this.#clock.date());
    return this.#nonces.size;
  }

  /** Called after the signature check, so that a forged request can neither use up a nonce nor fill the memory. */
  #useNonce(accessKeyId: string, value: string, now: number): void {
    this.#dropOldNonces(now);
    const nonce = JSON.stringify([accessKeyId, value]);
    if (this.#nonces.has(nonce)) throw apiError('SignatureNonceUsed');
    this.#nonces.set(nonce, now);
  }

  #dropOldNonces(now: number): void {
    for (const [nonce, usedAt] of this.#nonces) {
      if (now - usedAt <= dateTolerance) return;
      this.#nonces.delete(nonce);
    }
  }
}

/**
 * Version 1: SDKs compare the end of this text with their own string to sign. If they are equal, the key's secret is wrong.
 *
 * Version 3: the gateway also returns the canonical request, because the string to sign has only its hash. The text is not
 * in the documentation; it is the one that users of this version report.
 */
function signatureMismatch({ stringToSign, canonicalRequest }: SignedRequest): ApiError {
  const version1Error = apiError('SignatureDoesNotMatch', stringToSign);
  if (canonicalRequest === undefined) return version1Error;
  const message =
    'Specified signature does not match our calculation. ' +
    `server StringToSign is [${stringToSign}] server CanonicalRequest is [${canonicalRequest}]`;
  return customError(version1Error.status, version1Error.code, message);
}
