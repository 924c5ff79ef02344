import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { IssuedCredentials } from './cached-credentials.ts';
import { CachedCredentials } from './cached-credentials.ts';

interface World {
  readonly clock: FakeClock;
  readonly kept: CachedCredentials;
  /** How often the issuer was asked. */
  asked(): number;
  /** What the issuer does from now on. */
  answer: () => Promise<IssuedCredentials>;
  read(): Promise<string>;
}

/** Key ids count the times that the issuer was asked: `FakeId-1`, `FakeId-2`. */
function setup(lifetime: number | undefined = 3_600_000): World {
  const clock = new FakeClock();
  let asked = 0;
  const world: World = {
    clock,
    asked: () => asked,
    answer: () =>
      Promise.resolve({ credentials: { accessKeyId: `FakeId-${asked}`, accessKeySecret: 's3cret-key' }, lifetime }),
    kept: new CachedCredentials({
      source: 'STS',
      clock,
      fetch() {
        asked += 1;
        return world.answer();
      },
    }),
    read: async () => (await world.kept.getCredential()).accessKeyId,
  };
  return world;
}

test('a thousand callers at once are one request', async () => {
  const world = setup();

  const ids = await Promise.all(Array.from({ length: 1_000 }, () => world.read()));

  expect(new Set(ids)).toEqual(new Set(['FakeId-1']));
  expect(world.asked()).toBe(1);
});

test('credentials are kept until near their end, and nobody is asked in between', async () => {
  const world = setup(3_600_000);
  await world.read();

  await world.clock.pass('49m');

  expect(await world.read()).toBe('FakeId-1');
  expect(world.asked()).toBe(1);
});

test('the first caller near the end gets the old ones at once, and starts a renewal for those after', async () => {
  const world = setup(3_600_000);
  await world.read();
  await world.clock.pass('54m');

  expect(await world.read()).toBe('FakeId-1');
  await world.clock.pass('1s');

  expect(await world.read()).toBe('FakeId-2');
  expect(world.asked()).toBe(2);
});

test.each([900_000, 60_000, 1_000])('a lifetime of %d ms is used for the most of it', async (lifetime) => {
  const world = setup(lifetime);
  await world.read();

  world.clock.freeze(lifetime * 0.55);
  expect(await world.read()).toBe('FakeId-1');
  expect(world.asked()).toBe(1);
  world.clock.freeze(lifetime * 0.26);

  expect(await world.read()).toBe('FakeId-2');
});

test('credentials that have ended on arrival are handed to those who wait, and to nobody else', async () => {
  const world = setup(0);

  expect(await Promise.all([world.read(), world.read()])).toEqual(['FakeId-1', 'FakeId-1']);
  expect(await world.read()).toBe('FakeId-2');
});

test('where nobody says how long, the issuer is asked again after five minutes, in the background', async () => {
  const world = setup(undefined);
  const unknown = new CachedCredentials({
    source: 'a file',
    clock: world.clock,
    fetch: async () => ({ ...(await world.answer()), lifetime: undefined }),
  });
  const first = await unknown.getCredential();

  await world.clock.pass('301s');

  expect(await unknown.getCredential()).toBe(first);
  await world.clock.pass('1s');
  expect(await unknown.getCredential()).not.toBe(first);
});

test('while the issuer is away the old ones are used up to their end, and not beyond', async () => {
  const world = setup(3_600_000);
  await world.read();
  world.answer = () => Promise.reject(new Error('away'));

  world.clock.freeze('59m');
  expect(await world.read()).toBe('FakeId-1');
  world.clock.freeze('2m');

  await expect(world.read()).rejects.toThrow('away');
});

test('a failure is told to all who wait and to who comes within a second, then the issuer is asked anew', async () => {
  const world = setup();
  const { answer } = world;
  world.answer = () => Promise.reject(new Error('away'));

  const outcomes = await Promise.allSettled([world.read(), world.read(), world.read()]);
  await expect(world.read()).rejects.toThrow('away');
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(world.asked()).toBe(1);

  await world.clock.pass('1s');
  world.answer = answer;
  expect(await world.read()).toBe('FakeId-2');
});

test('an issuer that never answers is given up, and asked anew by the next', async () => {
  const world = setup();
  const { answer } = world;
  world.answer = () => new Promise(() => undefined);
  const waiting = world.read().catch((error: unknown) => error);

  await world.clock.pass('15s');
  expect(await waiting).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  world.answer = answer;
  await world.clock.pass('1s');

  expect(await world.read()).toBe('FakeId-2');
  expect(world.clock.pending).toBe(0);
});

test('what KMS does not take any more is not handed out again', async () => {
  const world = setup();
  await world.read();

  expect(world.kept.discard('FakeId-1')).toBe(true);
  expect(await world.read()).toBe('FakeId-2');
  // Told late, by a request that was signed with the old ones.
  expect(world.kept.discard('FakeId-1')).toBe(true);
  expect(await world.read()).toBe('FakeId-2');
});

test('there is no timer while nobody asks', async () => {
  const world = setup();

  await world.read();

  expect(world.clock.pending).toBe(0);
});
