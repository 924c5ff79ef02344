import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { onTestFinished } from 'vitest';

export const name = 'acs/ram/user/shop';

export interface RamSecret {
  readonly kms: FakeTransport;
  readonly secrets: SecretClient;
  /** The keys that RAM accepts. */
  readonly keys: Map<string, string>;
  /** RAM creates a key and KMS publishes it. The key before is deleted at once. */
  readonly rotate: (version: number) => void;
}

export function ramSecret(): RamSecret {
  const kms = new FakeTransport();
  const keys = new Map<string, string>();
  const secrets = createSecretClient({ endpoints: [kms], ttl: '1h', precedence: 'code-only' });
  onTestFinished(() => secrets.close());
  const rotate = (version: number): void => {
    keys.clear();
    keys.set(`LTAI${version}`, `s3cret-${version}`);
    kms.put(name, `v${version}`, {
      value: JSON.stringify({ AccessKeyId: `LTAI${version}`, AccessKeySecret: `s3cret-${version}` }),
      type: 'RAMCredentials',
    });
  };
  rotate(1);
  return { kms, secrets, keys, rotate };
}
