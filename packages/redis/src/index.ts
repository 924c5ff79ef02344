export { redisStore } from './redis-store.ts';
export type { RedisStoreOptions } from './options.ts';
export type { RedisArgument, RedisClient } from './redis-client.ts';
