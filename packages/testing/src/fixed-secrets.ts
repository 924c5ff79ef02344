import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';

import { FakeTransport } from './fake-transport.ts';

/** A text is a text secret; bytes, in UTF-8 as KMS keeps them, a binary one; anything else is written as JSON. */
export type FixedValue = string | Uint8Array | object;

/**
 * A real client of which these are all the secrets there are, for tests of an app: without KMS, credentials or a wire. Every
 * other name is not found. `ready()` has all of them in memory, so that adapters find them without waiting.
 *
 * To see a rotation or an outage, make the client on a `FakeTransport` of your own.
 */
export function fixedSecrets(
  values: Readonly<Record<string, FixedValue>>,
  options: Omit<SecretClientOptions, 'credentials' | 'endpoints'> = {},
): SecretClient {
  const kms = new FakeTransport('fixed secrets');
  for (const [name, value] of Object.entries(values)) kms.put(name, 'v1', fieldsOf(value));
  return createSecretClient({ preload: Object.keys(values), ...options, endpoints: [kms] });
}

function fieldsOf(value: FixedValue): { readonly value: string; readonly dataType: 'text' | 'binary' } {
  if (typeof value === 'string') return { value, dataType: 'text' };
  // Fatal: bytes that are no UTF-8 cannot be in KMS, and must not come back as others.
  if (value instanceof Uint8Array) {
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value), dataType: 'binary' };
  }
  return { value: JSON.stringify(value), dataType: 'text' };
}
