import { createSecretClient, systemClock } from '@kms-secrets/core';
import type { Clock, Secret, SecretClient, SecretClientOptions } from '@kms-secrets/core';

import { FakeTransport } from './fake-transport.ts';

/** A string becomes a text secret, bytes (UTF-8, as in KMS) a binary one. Any other object is serialized to JSON. */
export type FixedValue = string | Uint8Array | object;

/** A client with fixed secrets, which a test can change. */
export interface FixedSecretClient extends SecretClient {
  /** Gives the secret a new value and version, as a rotation does. Resolves when the client has it and `rotated` was emitted. */
  rotate(name: string, value: FixedValue): Promise<Secret>;
  /** Makes the secret denied, as after a change of permissions. Resolves when the client has dropped it. */
  deny(name: string): Promise<void>;
}

/**
 * Creates a real client with a fixed set of secrets, for tests of an app: no KMS, no credentials, no network. Any other name
 * is not found. `ready()` loads all of them, so that adapters read them synchronously. `rotate` and `deny` change them.
 *
 * Neither the environment nor a configuration file is read, and a test that changes the date does not make secrets expire.
 *
 * To test an outage, create the client with a `FakeTransport` instead.
 */
export function fixedSecrets(
  values: Readonly<Record<string, FixedValue>>,
  options: Omit<SecretClientOptions, 'credentials' | 'endpoints' | 'configFile' | 'precedence'> = {},
): FixedSecretClient {
  const transport = new FakeTransport('fixed secrets');
  let version = 1;
  const put = (name: string, value: FixedValue): void => transport.put(name, `v${version}`, secretFields(value));
  for (const [name, value] of Object.entries(values)) put(name, value);
  const client = createSecretClient({
    preload: Object.keys(values),
    clock: steadyClock,
    ...options,
    endpoints: [transport],
    precedence: 'code-only',
  });
  const controls: Pick<FixedSecretClient, 'rotate' | 'deny'> = {
    rotate(name, value) {
      version += 1;
      put(name, value);
      return client.refresh(name);
    },
    async deny(name) {
      transport.fail('denied', name);
      await client.refresh(name).catch(() => {}); // the denial
    },
  };
  return Object.assign(client, controls);
}

// Taken when the module is loaded: a test may replace it together with the date.
const monotonic = performance.now.bind(performance);

/** The clock of the machine, whose ages do not follow the date. */
const steadyClock: Clock = {
  now: () => Math.trunc(monotonic()),
  cachedNow: () => Math.trunc(monotonic()),
  date: () => systemClock.date(),
  random: () => systemClock.random(),
  setTimer: (ms, task) => systemClock.setTimer(ms, task),
  setUnrefTimer: (ms, task) => systemClock.setUnrefTimer(ms, task),
};

function secretFields(value: FixedValue): { readonly value: string; readonly dataType: 'text' | 'binary' } {
  if (typeof value === 'string') return { value, dataType: 'text' };
  // Fatal: KMS cannot hold bytes that are not UTF-8, and a lenient decoder would change them.
  if (value instanceof Uint8Array) {
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value), dataType: 'binary' };
  }
  return { value: JSON.stringify(value), dataType: 'text' };
}
