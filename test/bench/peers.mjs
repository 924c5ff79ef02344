// @ts-check
// Other caches for Node.js, each with the same upstream in place of a cloud service.

/**
 * @typedef {(name: string) => Promise<string>} Upstream
 * `hit` is the fastest way to read a cached value, if it differs from `read`.
 * @typedef {{ read: (name: string) => unknown; hit?: (name: string) => unknown }} Peer
 * @typedef {(upstream: Upstream, size: number) => Promise<Peer>} OpenPeer
 */

const hour = 3_600_000;

/** @type {Readonly<Record<string, OpenPeer>>} */
export const peers = {
  async 'lru-cache'(upstream, size) {
    const { LRUCache } = await import('lru-cache');
    /** @type {import('lru-cache').LRUCache<string, string>} */
    const cache = new LRUCache({ max: size, ttl: hour, fetchMethod: upstream });
    return { read: (name) => cache.fetch(name), hit: (name) => cache.get(name) };
  },
  async 'aws-secrets-manager-cache'(upstream) {
    const { SecretsManagerCache } = await import('aws-secrets-manager-cache');
    const { SecretsManager } = await import('aws-sdk');
    const cache = new SecretsManagerCache({ ttl: hour, secretsManager: new SecretsManager({ fetchText: upstream }) });
    return { read: (name) => cache.getSecret(name) };
  },
  async Powertools(upstream) {
    const { SecretsProvider } = await import('@aws-lambda-powertools/parameters/secrets');
    const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    const client = new SecretsManagerClient({ fetchText: upstream });
    const provider = new SecretsProvider({ awsSdkV3Client: client });
    const options = { maxAge: hour / 1_000 };
    return { read: (name) => provider.get(name, options) };
  },
  async 'async-cache-dedupe'(upstream, size) {
    const { createCache } = await import('async-cache-dedupe');
    const cache = createCache({ ttl: hour / 1_000, storage: { type: 'memory', options: { size } } });
    const { secret } = cache.define('secret', upstream);
    return { read: (name) => secret(name) };
  },
  async cacheable(upstream) {
    const { Cacheable } = await import('cacheable');
    const cache = new Cacheable({ ttl: hour });
    return { read: (name) => cache.getOrSet(name, () => upstream(name)), hit: (name) => cache.get(name) };
  },
  async bentocache(upstream, size) {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: size, serialize: false }));
    const cache = new BentoCache({ default: 'memory', ttl: hour, stores: { memory } });
    return { read: (name) => cache.getOrSet({ key: name, factory: () => upstream(name) }) };
  },
};
