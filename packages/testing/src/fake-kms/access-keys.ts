import { randomBytes } from 'node:crypto';

import type { CalendarClock } from './settable-clock.ts';
import { refusal } from './refusals.ts';

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

/** The keys that may sign, with what is wrong with some of them. */
export class AccessKeys {
  readonly #permanent = new Map<string, FakeAccessKey>();
  readonly #temporary = new Map<string, FakeStsKey>();
  readonly #disabled = new Set<string>();
  readonly #clock: CalendarClock;

  constructor(parts: { clock: CalendarClock }) {
    this.#clock = parts.clock;
  }

  add(key: FakeAccessKey): void {
    this.#permanent.set(key.accessKeyId, { ...key });
  }

  addTemporary(key: FakeStsKey): void {
    if (!key.accessKeyId.startsWith('STS.')) throw new TypeError('The id of a temporary key begins with "STS.".');
    if (key.securityToken === '') throw new TypeError('A temporary key needs a security token.');
    this.#temporary.set(key.accessKeyId, { ...key });
  }

  disable(accessKeyId: string): void {
    this.#disabled.add(accessKeyId);
  }

  remove(accessKeyId: string): void {
    this.#permanent.delete(accessKeyId);
    this.#temporary.delete(accessKeyId);
    this.#disabled.delete(accessKeyId);
  }

  /** The secret to check a signature with; throws the refusal for a key or a token that will not do. */
  secretOf(accessKeyId: string, securityToken: string | undefined): string {
    const permanent = this.#permanent.get(accessKeyId);
    const temporary = this.#temporary.get(accessKeyId);
    const key = permanent ?? temporary;
    if (key === undefined) throw refusal('InvalidAccessKeyId.NotFound');
    if (this.#disabled.has(accessKeyId)) throw refusal('InvalidAccessKeyId.Inactive');
    if (temporary !== undefined) this.#checkToken(temporary, securityToken);
    else if (securityToken !== undefined) throw refusal('InvalidSecurityToken.MismatchWithAccessKey');
    return key.accessKeySecret;
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
