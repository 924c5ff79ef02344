import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { createRotatingRedis } from './ioredis-client.ts';
import { rotatingRedis } from './ioredis.ts';
import { testClient, testRedisFailures, testRedisRotations } from './redis-tests.fixture.ts';
import { redisUnderTest } from './redis.fixture.ts';
import { databaseSecret, secretName } from './rotation.fixture.ts';

const server = redisUnderTest();
const driver = { server, create: rotatingRedis };

describe('rotations', () => {
  testRedisRotations(driver, { gaps: [0, 300, 3_000] });
});
describe('failures', () => {
  testRedisFailures(driver);
});

test('is a Redis of ioredis that logs in with the account of the secret', async () => {
  const { secrets, account } = await server.accountWithSecret();
  const redis = testClient(driver, { secrets, lazyConnect: true });

  expect(redis).toBeInstanceOf(Redis);
  expect(redis.duplicate()).toBeInstanceOf(Redis);
  expect(await redis.call('ACL', 'WHOAMI')).toBe(account);
});

test('reports all invalid options at once', () => {
  const refused = { username: 'app', password: 's3cret', Connector: () => {}, sentinels: [], redisOptions: {} };

  expect(() => rotatingRedis({ secrets: {}, secret: '', ...refused } as never)).toThrow(
    /rotatingRedis\(\):\n.*secrets: .*\n.*secret: .*\n.*username: .*\n.*password: .*\n.*Connector: .*\n.*sentinels: .*\n.*redisOptions: clusters/u,
  );
});

test('refuses a driver that it does not know', () => {
  const { secrets } = databaseSecret();
  const Redis3 = Object;

  expect(() => createRotatingRedis({ Redis: Redis3 } as never, { secrets, secret: secretName })).toThrow(
    'This version of ioredis is not supported: install ioredis@"^5.4.0 || ^6.0.0".',
  );
  expect(secrets.stats().pinned).toBe(0);
});
