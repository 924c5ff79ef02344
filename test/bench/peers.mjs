// @ts-check
// Other caches for Node.js, each with the same upstream in place of a cloud service, used as its own README recommends for an
// asynchronous value with a TTL.

/**
 * @typedef {(name: string) => Promise<string>} Upstream
 * `hit` is the fastest way to read a cached value, if it differs from `read`; then `readName` is the method behind `read`.
 * @typedef {{ read: (name: string) => unknown; hit?: (name: string) => unknown; readName?: string }} Peer
 * @typedef {(upstream: Upstream, size: number) => Promise<Peer>} OpenPeer
 */

const hour = 3_600_000;

/** @type {Readonly<Record<string, OpenPeer>>} */
export const peers = {
  async 'lru-cache'(upstream, size) {
    const { LRUCache } = await import('lru-cache');
    /** @type {import('lru-cache').LRUCache<string, string>} */
    const cache = new LRUCache({ max: size, ttl: hour, fetchMethod: upstream });
    return { read: (name) => cache.fetch(name), hit: (name) => cache.get(name), readName: 'fetch' };
  },
  async memoize(upstream) {
    const { default: memoize } = await import('memoize');
    return { read: memoize(upstream, { maxAge: hour }) };
  },
  async 'p-memoize'(upstream) {
    const { default: pMemoize } = await import('p-memoize');
    const { default: ExpiryMap } = await import('expiry-map');
    return { read: pMemoize(upstream, { cache: new ExpiryMap(hour) }) };
  },
  async keyv(upstream) {
    const { default: Keyv } = await import('keyv');
    const cache = new Keyv({ ttl: hour });
    return {
      async read(name) {
        const cached = await cache.get(name);
        if (cached !== undefined) return cached;
        const value = await upstream(name);
        await cache.set(name, value);
        return value;
      },
    };
  },
  async cachified(upstream, size) {
    const { LRUCache } = await import('lru-cache');
    const { cachified, totalTtl } = await import('@epic-web/cachified');
    /** @type {import('lru-cache').LRUCache<string, import('@epic-web/cachified').CacheEntry>} */
    const lru = new LRUCache({ max: size });
    /** @type {import('@epic-web/cachified').Cache} */
    const cache = {
      set(key, value) {
        const ttl = totalTtl(value.metadata);
        const start = value.metadata.createdTime;
        return lru.set(key, value, ttl === Infinity ? { start } : { ttl, start });
      },
      get: (key) => lru.get(key),
      delete: (key) => lru.delete(key),
    };
    return { read: (key) => cachified({ key, cache, ttl: hour, getFreshValue: () => upstream(key) }) };
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
    return {
      read: (name) => cache.getOrSet(name, () => upstream(name)),
      hit: (name) => cache.get(name),
      readName: 'getOrSet',
    };
  },
  async bentocache(upstream, size) {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: size, serialize: false }));
    const cache = new BentoCache({ default: 'memory', ttl: hour, stores: { memory } });
    return { read: (name) => cache.getOrSet({ key: name, factory: () => upstream(name) }) };
  },
};
