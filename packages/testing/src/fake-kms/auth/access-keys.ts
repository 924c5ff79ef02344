import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { apiError } from '../api/api-error.ts';
import { finiteTime } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';

/** The two kinds of KMS endpoint: the shared gateway of a region, and a dedicated instance. */
export type GatewayKind = 'shared' | 'instance';

/** Whether a key may read a secret. */
export type ReadPermission = (secretName: string, region: string) => boolean;

/** A permanent access key. */
export interface FakeAccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** A temporary access key, as STS issues it. Valid only together with its token, until `expiresAt`. */
export interface FakeStsKey extends FakeAccessKey {
  readonly securityToken: string;
  /** Milliseconds since 1970, by the fake's clock. */
  readonly expiresAt: number;
  /**
   * The error code once the key has expired. Default: `InvalidAccessKeyId.NotFound`, as KMS documents; other products
   * respond with `InvalidSecurityToken.Expired`.
   */
  readonly expiredCode?: 'InvalidAccessKeyId.NotFound' | 'InvalidSecurityToken.Expired';
}

/** The server side of a client key: its public key, and the rules of its application access point. */
export interface RegisteredClientKey {
  /** `KAAP.` and a UUID. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
  readonly gateways: readonly GatewayKind[];
  /** Milliseconds since 1970, by the fake's clock. */
  readonly expiresAt: number;
  readonly canRead: ReadPermission;
}

/** The keys that may sign requests. */
export class AccessKeys {
  readonly #permanent = new Map<string, FakeAccessKey>();
  readonly #temporary = new Map<string, FakeStsKey & { readonly canRead?: ReadPermission | undefined }>();
  readonly #clientKeys = new Map<string, RegisteredClientKey>();
  readonly #disabled = new Set<string>();
  readonly #clock: CalendarClock;

  constructor(parts: { clock: CalendarClock }) {
    this.#clock = parts.clock;
  }

  add(key: FakeAccessKey): void {
    this.#permanent.set(key.accessKeyId, { ...key });
  }

  /** Without `canRead` the key may read every secret. */
  addTemporary(key: FakeStsKey, canRead?: ReadPermission): void {
    if (!key.accessKeyId.startsWith('STS.')) throw new TypeError('The id of a temporary key must begin with "STS.".');
    if (key.securityToken === '') throw new TypeError('A temporary key needs a security token.');
    finiteTime(key.expiresAt, 'expiresAt of a temporary key');
    this.#temporary.set(key.accessKeyId, { ...key, canRead });
  }

  addClientKey(key: RegisteredClientKey): void {
    if (!key.keyId.startsWith('KAAP.')) throw new TypeError('The id of a client key must begin with "KAAP.".');
    this.#clientKeys.set(key.keyId, key);
  }

  disable(accessKeyId: string): void {
    this.#disabled.add(accessKeyId);
  }

  remove(accessKeyId: string): void {
    this.#permanent.delete(accessKeyId);
    this.#temporary.delete(accessKeyId);
    this.#clientKeys.delete(accessKeyId);
    this.#disabled.delete(accessKeyId);
  }

  /** The secret that verifies an HMAC signature. Throws an `ApiError` for an unusable key or token. */
  secretFor(accessKeyId: string, securityToken: string | undefined): string {
    const permanent = this.#permanent.get(accessKeyId);
    const temporary = this.#temporary.get(accessKeyId);
    const key = permanent ?? temporary;
    // A client key has no shared secret, so an HMAC signature with its id cannot be genuine.
    if (this.#clientKeys.has(accessKeyId)) throw apiError('InvalidSignatureMethod');
    if (key === undefined) throw apiError('InvalidAccessKeyId.NotFound');
    if (this.#disabled.has(accessKeyId)) throw apiError('InvalidAccessKeyId.Inactive');
    if (temporary !== undefined) this.#checkToken(temporary, securityToken);
    else if (securityToken !== undefined) throw apiError('InvalidSecurityToken.MismatchWithAccessKey');
    return key.accessKeySecret;
  }

  /** The client key that verifies an RSA signature. Throws an `ApiError` for an unusable key. */
  clientKeyFor(keyId: string, securityToken: string | undefined): RegisteredClientKey {
    if (this.#permanent.has(keyId) || this.#temporary.has(keyId)) throw apiError('InvalidSignatureMethod');
    const key = this.#clientKeys.get(keyId);
    // The error for an expired client key is undocumented. The fake treats it as unknown, like an expired temporary key.
    if (key === undefined || this.#clock.date() >= key.expiresAt) throw apiError('InvalidAccessKeyId.NotFound');
    if (this.#disabled.has(keyId)) throw apiError('InvalidAccessKeyId.Inactive');
    if (securityToken !== undefined) throw apiError('InvalidSecurityToken.MismatchWithAccessKey');
    return key;
  }

  /** The permission of a permanent or temporary key. A permanent key may read every secret. */
  permissionOf(accessKeyId: string): ReadPermission {
    return this.#temporary.get(accessKeyId)?.canRead ?? (() => true);
  }

  #checkToken(key: FakeStsKey, securityToken: string | undefined): void {
    if (securityToken === undefined || securityToken === '') throw apiError('MissingSecurityToken');
    if (securityToken !== key.securityToken) throw apiError('InvalidSecurityToken.MismatchWithAccessKey');
    if (this.#clock.date() >= key.expiresAt) throw apiError(key.expiredCode ?? 'InvalidAccessKeyId.NotFound');
  }
}

/** Creates a key that is obviously fake: real ids begin with `LTAI`. */
export function createAccessKey(): FakeAccessKey {
  return {
    accessKeyId: `FakeAccessKeyId${randomBytes(6).toString('hex')}`,
    accessKeySecret: `FakeAccessKeySecret${randomBytes(12).toString('hex')}`,
  };
}
