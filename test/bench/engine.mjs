// @ts-check
import { createSecretClient, Secret } from '@kms-secrets/core';

/** What a client costs is measured, and not the quota that it keeps to. */
export const unhindered = { limits: { requestsPerSecond: 100_000, concurrentRequests: 10_000 } };

/**
 * Our client on an upstream without a wire: what it costs itself.
 * @param {(request: import('@kms-secrets/core').SecretRequest) => Promise<Secret>} fetch
 * @param {Omit<import('@kms-secrets/core').SecretClientOptions, 'endpoints'>} [options]
 */
export function clientOver(fetch, options = {}) {
  return createSecretClient({ ...unhindered, ...options, endpoints: [{ endpoint: 'kms.example', fetch, close() {} }] });
}

/**
 * Each is one flat text: one that was joined is made flat when it is first looked at closely, by whoever does that, and the
 * bytes of it would count as theirs.
 * @param {number} count
 */
export function secretNames(count) {
  return Array.from({ length: count }, (_, index) => Buffer.from(`app/secret-${index}`).toString('latin1'));
}

/**
 * @param {string} name
 * @param {string} value
 */
export function secretOf(name, value) {
  return new Secret({ name, versionId: 'v1', value, dataType: 'text' });
}

/**
 * Reads every name once, a few at a time.
 * @param {readonly string[]} names
 * @param {(name: string) => unknown} read
 * @param {number} [atOnce]
 */
export async function readAll(names, read, atOnce = 64) {
  const waiting = names.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const name of waiting) await read(name);
    }),
  );
}
