import { randomBytes } from 'node:crypto';

import type { AccessKeys, Rights } from '../auth/access-keys.ts';
import { formatDate } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';

/** A temporary key as STS, the metadata server and credential URIs write it. */
export interface TemporaryCredentials {
  readonly AccessKeyId: string;
  readonly AccessKeySecret: string;
  readonly SecurityToken: string;
  readonly Expiration: string;
}

export interface Issue {
  /** In seconds. */
  readonly lifetime: number;
  readonly rights: Rights;
}

/** Makes temporary keys and makes them known to KMS, which takes them until they expire. */
export class TemporaryKeys {
  readonly #keys: AccessKeys;
  readonly #clock: CalendarClock;

  constructor(parts: { keys: AccessKeys; clock: CalendarClock }) {
    this.#keys = parts.keys;
    this.#clock = parts.clock;
  }

  issue({ lifetime, rights }: Issue): TemporaryCredentials {
    // Whole seconds, as they are written: the key must not end before or after the time its owner was told.
    const expiresAt = (Math.floor(this.#clock.date() / 1000) + lifetime) * 1000;
    const accessKeyId = `STS.Fake${randomBytes(8).toString('hex')}`;
    const accessKeySecret = `FakeStsSecret${randomBytes(12).toString('hex')}`;
    const securityToken = `FakeToken/+${randomBytes(48).toString('base64')}`;
    this.#keys.addTemporary({ accessKeyId, accessKeySecret, securityToken, expiresAt }, rights);
    return {
      AccessKeyId: accessKeyId,
      AccessKeySecret: accessKeySecret,
      SecurityToken: securityToken,
      Expiration: formatDate(expiresAt),
    };
  }
}
