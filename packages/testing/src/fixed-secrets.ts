import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';

import { FakeTransport } from './fake-transport.ts';

/** A string becomes a text secret, bytes (UTF-8, as in KMS) a binary one. Any other object is serialized to JSON. */
export type FixedValue = string | Uint8Array | object;

/**
 * Creates a real client with a fixed set of secrets, for tests of an app: no KMS, no credentials, no network. Any other name
 * is not found. `ready()` loads all of them, so that adapters read them synchronously.
 *
 * To test a rotation or an outage, create the client with a `FakeTransport` instead.
 */
export function fixedSecrets(
  values: Readonly<Record<string, FixedValue>>,
  options: Omit<SecretClientOptions, 'credentials' | 'endpoints'> = {},
): SecretClient {
  const transport = new FakeTransport('fixed secrets');
  for (const [name, value] of Object.entries(values)) transport.put(name, 'v1', secretFields(value));
  return createSecretClient({ preload: Object.keys(values), ...options, endpoints: [transport] });
}

function secretFields(value: FixedValue): { readonly value: string; readonly dataType: 'text' | 'binary' } {
  if (typeof value === 'string') return { value, dataType: 'text' };
  // Fatal: KMS cannot hold bytes that are not UTF-8, and a lenient decoder would change them.
  if (value instanceof Uint8Array) {
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value), dataType: 'binary' };
  }
  return { value: JSON.stringify(value), dataType: 'text' };
}
