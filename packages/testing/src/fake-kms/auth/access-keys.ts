import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { CalendarClock } from '../settable-clock.ts';
import { refusal } from '../api/api-error.ts';

/** Where KMS is asked: at the gateway a region's accounts share, or at an instance of one's own. */
export type GatewayKind = 'shared' | 'instance';

/** Which secrets a key may read. */
export type Rights = (secretName: string, region: string) => boolean;

/** A permanent access key. */
export interface FakeAccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** A temporary key, as STS hands them out: good only with its token, until `expiresAt`. */
export interface FakeStsKey extends FakeAccessKey {
  readonly securityToken: string;
  /** Milliseconds since 1970, by the fake's clock. */
  readonly expiresAt: number;
  /** The refusal once it has expired; KMS documents the first, other products answer the second. */
  readonly expiredCode?: 'InvalidAccessKeyId.NotFound' | 'InvalidSecurityToken.Expired';
}

/** What KMS keeps of a client key: its public half, and the rules of the access point it belongs to. */
export interface RegisteredClientKey {
  /** `KAAP.` and a UUID. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
  readonly gateways: readonly GatewayKind[];
  /** Milliseconds since 1970, by the fake's clock. */
  readonly expiresAt: number;
  readonly rights: Rights;
}

/** The keys that may sign, with what is wrong with some of them. */
export class AccessKeys {
  readonly #permanent = new Map<string, FakeAccessKey>();
  readonly #temporary = new Map<string, FakeStsKey & { readonly rights?: Rights | undefined }>();
  readonly #clientKeys = new Map<string, RegisteredClientKey>();
  readonly #disabled = new Set<string>();
  readonly #clock: CalendarClock;

  constructor(parts: { clock: CalendarClock }) {
    this.#clock = parts.clock;
  }

  add(key: FakeAccessKey): void {
    this.#permanent.set(key.accessKeyId, { ...key });
  }

  /** Without `rights` it may read everything. */
  addTemporary(key: FakeStsKey, rights?: Rights): void {
    if (!key.accessKeyId.startsWith('STS.')) throw new TypeError('The id of a temporary key begins with "STS.".');
    if (key.securityToken === '') throw new TypeError('A temporary key needs a security token.');
    this.#temporary.set(key.accessKeyId, { ...key, rights });
  }

  addClientKey(key: RegisteredClientKey): void {
    if (!key.keyId.startsWith('KAAP.')) throw new TypeError('The id of a client key begins with "KAAP.".');
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

  /** The secret to check a signature with; throws the refusal for a key or a token that will not do. */
  secretOf(accessKeyId: string, securityToken: string | undefined): string {
    const permanent = this.#permanent.get(accessKeyId);
    const temporary = this.#temporary.get(accessKeyId);
    const key = permanent ?? temporary;
    // A client key has no secret to share: who signs with one in this way has made it up.
    if (this.#clientKeys.has(accessKeyId)) throw refusal('InvalidSignatureMethod');
    if (key === undefined) throw refusal('InvalidAccessKeyId.NotFound');
    if (this.#disabled.has(accessKeyId)) throw refusal('InvalidAccessKeyId.Inactive');
    if (temporary !== undefined) this.#checkToken(temporary, securityToken);
    else if (securityToken !== undefined) throw refusal('InvalidSecurityToken.MismatchWithAccessKey');
    return key.accessKeySecret;
  }

  /** The client key to check a signature with; throws the refusal for one that will not do. */
  clientKey(keyId: string, securityToken: string | undefined): RegisteredClientKey {
    if (this.#permanent.has(keyId) || this.#temporary.has(keyId)) throw refusal('InvalidSignatureMethod');
    const key = this.#clientKeys.get(keyId);
    // How KMS refuses an expired one is not documented; here it no longer knows it, as with an expired temporary key.
    if (key === undefined || this.#clock.date() >= key.expiresAt) throw refusal('InvalidAccessKeyId.NotFound');
    if (this.#disabled.has(keyId)) throw refusal('InvalidAccessKeyId.Inactive');
    if (securityToken !== undefined) throw refusal('InvalidSecurityToken.MismatchWithAccessKey');
    return key;
  }

  /** What a key with a secret may read: the account's own everything, a temporary one what it was made for. */
  rightsOf(accessKeyId: string): Rights {
    return this.#temporary.get(accessKeyId)?.rights ?? (() => true);
  }

  #checkToken(key: FakeStsKey, securityToken: string | undefined): void {
    if (securityToken === undefined || securityToken === '') throw refusal('MissingSecurityToken');
    if (securityToken !== key.securityToken) throw refusal('InvalidSecurityToken.MismatchWithAccessKey');
    if (this.#clock.date() >= key.expiresAt) throw refusal(key.expiredCode ?? 'InvalidAccessKeyId.NotFound');
  }
}

/** A key nobody can take for a real one: real ids begin with `LTAI`. */
export function makeAccessKey(): FakeAccessKey {
  const mark = randomBytes(6).toString('hex');
  return {
    accessKeyId: `FakeAccessKeyId${mark}`,
    accessKeySecret: `FakeAccessKeySecret${randomBytes(12).toString('hex')}`,
  };
}
