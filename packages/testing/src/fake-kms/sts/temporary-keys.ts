import { randomBytes } from 'node:crypto';

import type { AccessKeys, ReadPermission } from '../auth/access-keys.ts';
import { formatDate } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';

/** A temporary key in the format of STS, the metadata server and the credentials URI. */
export interface TemporaryCredentials {
  readonly AccessKeyId: string;
  readonly AccessKeySecret: string;
  readonly SecurityToken: string;
  readonly Expiration: string;
}

export interface IssueOptions {
  /** In seconds. */
  readonly lifetime: number;
  readonly canRead: ReadPermission;
}

/** Issues temporary keys and registers them with the fake KMS. */
export class TemporaryKeys {
  readonly #keys: AccessKeys;
  readonly #clock: CalendarClock;

  constructor(parts: { keys: AccessKeys; clock: CalendarClock }) {
    this.#keys = parts.keys;
    this.#clock = parts.clock;
  }

  issue({ lifetime, canRead }: IssueOptions): TemporaryCredentials {
    // Rounded to seconds, like `Expiration`, so that the key expires exactly at the time its owner reads there.
    const expiresAt = (Math.floor(this.#clock.date() / 1000) + lifetime) * 1000;
    const accessKeyId = `STS.Fake${randomBytes(8).toString('hex')}`;
    const accessKeySecret = `FakeStsSecret${randomBytes(12).toString('hex')}`;
    const securityToken = `FakeToken/+${randomBytes(48).toString('base64')}`;
    this.#keys.addTemporary({ accessKeyId, accessKeySecret, securityToken, expiresAt }, canRead);
    return {
      AccessKeyId: accessKeyId,
      AccessKeySecret: accessKeySecret,
      SecurityToken: securityToken,
      Expiration: formatDate(expiresAt),
    };
  }
}
