// @ts-check
import { createSecretClient, Secret } from '@kms-secrets/core';

/** Options that lift the client's own limits, so that the cost of the client is measured and not its rate limit. */
export const withoutLimits = { limits: { requestsPerSecond: 100_000, concurrentRequests: 10_000 } };

/**
 * A client with an upstream function in place of KMS, to measure the client without a network.
 * @param {(request: import('@kms-secrets/core').SecretRequest) => Promise<Secret>} fetch
 * @param {Omit<import('@kms-secrets/core').SecretClientOptions, 'endpoints'>} [options]
 */
export function createClientWithUpstream(fetch, options = {}) {
  return createSecretClient({
    ...withoutLimits,
    ...options,
    endpoints: [{ endpoint: 'kms.example', fetch, close() {} }],
  });
}

/**
 * Names as flat strings. V8 flattens a concatenated string on first use, and the bytes would be attributed to that code.
 * @param {number} count
 */
export function secretNames(count) {
  return Array.from({ length: count }, (_, index) => Buffer.from(`app/secret-${index}`).toString('latin1'));
}

/**
 * @param {string} name
 * @param {string} value
 */
export function createSecret(name, value) {
  return new Secret({ name, versionId: 'v1', value, dataType: 'text' });
}

/**
 * Reads every name once.
 * @param {readonly string[]} names
 * @param {(name: string) => unknown} read
 * @param {number} [concurrency]
 */
export async function readAll(names, read, concurrency = 64) {
  const remaining = names.values();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const name of remaining) await read(name);
    }),
  );
}
