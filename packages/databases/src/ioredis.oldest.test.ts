import { AbstractConnector, Redis, ReplyError } from 'ioredis-5.4';
import { describe } from 'vitest';
import { createRotatingRedis } from './ioredis-client.ts';
import { testRedisFailures, testRedisRotations } from './redis-tests.fixture.ts';
import { redisUnderTest } from './redis.fixture.ts';

// The oldest supported version. It speaks RESP2.
const driver = {
  server: redisUnderTest(),
  create: createRotatingRedis.bind(undefined, { AbstractConnector, Redis, ReplyError } as never),
};

describe('rotations', () => {
  testRedisRotations(driver, { gaps: [300] });
});
describe('failures', () => {
  testRedisFailures(driver);
});
