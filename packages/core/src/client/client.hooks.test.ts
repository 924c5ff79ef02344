import { expect, test } from 'vitest';
import { Secret } from '../secret/secret.ts';
import { dbSecret, deferred, setUpClient, setUpWarmClient } from './client.fixture.ts';

test('returns what hook.transform returns', async () => {
  const { client } = await setUpWarmClient({
    hook: { transform: (secret) => secret.withText(`${secret.text()}-unwrapped`) },
  });

  expect((await client.get('db')).text()).toBe('s3cret-db-v1-unwrapped');
});

test('rejects if hook.transform does not return a Secret', async () => {
  const { client } = setUpClient({ hook: { transform: () => 'text' as never } });

  await expect(client.get('db')).rejects.toThrow(/hook\.transform did not return a Secret/u);
});

test('serves the previous version if the hook rejects the new one', async () => {
  const { client, clock, kms } = await setUpWarmClient({
    hook: {
      transform: (secret) => {
        if (secret.versionId === 'v2') throw new Error('not for us');
        return secret;
      },
    },
  });
  kms.put('db', 'v2');

  await clock.pass('6m');

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: true });
  await expect(client.refresh('db')).rejects.toThrow(/hook\.transform rejected version v2: Error was thrown/u);
});

test('hook.recover provides a stale value, which is kept until KMS recovers', async () => {
  const calls: string[] = [];
  const { client, clock, kms, events } = await setUpWarmClient({
    hook: {
      recover: (request, error) => {
        calls.push(`${request.name} ${error.code}`);
        return new Secret({ name: request.name, versionId: 'r1', value: 's3cret-recovered', dataType: 'text' });
      },
    },
  });
  kms.fail('unreachable', 'cold');
  const read = client.get('cold');
  await clock.pass('10s');

  expect(await read).toMatchObject({ versionId: 'r1', stale: true });
  expect(client.peek('cold')).toMatchObject({ versionId: 'r1', stale: true });
  expect(client.handle('cold').current).toMatchObject({ versionId: 'r1', stale: true });
  expect(await client.getMany(['cold'])).toMatchObject({ cold: { versionId: 'r1', stale: true } });
  expect(calls).toEqual(['cold ERR_SECRET_UNAVAILABLE']);
  expect(client.stats().staleReads).toBe(4);
  expect(events('stale')).toMatchObject([{ name: 'cold', error: { code: 'ERR_SECRET_UNAVAILABLE' } }]);
  expect(client.health()).toMatchObject({ status: 'degraded', counts: { stale: 1 } });

  kms.heal();
  kms.put('cold', 'v1');
  await clock.pass('1m');

  expect(client.peek('cold')).toMatchObject({ versionId: 'v1', stale: false });
  expect(events('rotated')).toMatchObject([{ name: 'cold', versionId: 'v1', previousVersionId: 'r1' }]);
});

test('a recovered value is not kept longer than staleIfError', async () => {
  const recover = (): Secret => new Secret({ name: 'db', versionId: 'r1', value: 's3cret-r1', dataType: 'text' });
  const { client, clock, kms } = setUpClient({ hook: { recover }, staleIfError: '1h', retry: { maxAttempts: 1 } });
  kms.fail('unreachable');
  await client.get('db');

  await clock.pass('61m');

  expect(client.peek('db')).toBeUndefined();
});

test('without stale reads, each read that fails gets the value that it recovers', async () => {
  let calls = 0;
  const recover = (): Secret => {
    calls += 1;
    return dbSecret(`r${calls}`);
  };
  const { client, kms } = setUpClient({ hook: { recover }, staleIfError: 0, retry: { maxAttempts: 1 } });
  kms.fail('unreachable');

  const read = await client.get('db');
  const again = await client.get('db');

  expect([read.versionId, read.stale, again.versionId, again.stale]).toEqual(['r1', true, 'r2', true]);
});

test('a recovered value is not kept if KMS has refused the secret meanwhile', async () => {
  const recovered = deferred<Secret>();
  const { client, clock, kms } = setUpClient({
    hook: { recover: () => recovered.promise },
    retry: { maxAttempts: 1 },
  });
  kms.fail('unreachable');
  const read = client.get('db');
  read.catch(() => {});
  await clock.pass(1);
  kms.fail('denied');
  await client.refresh('db').catch(() => {});

  recovered.resolve(dbSecret('r1'));

  await expect(read).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(client.peek('db')).toBeUndefined();
});

test.each([
  [
    'throws',
    (): never => {
      throw new Error('hook is broken');
    },
  ],
  ['rejects', (): Promise<never> => Promise.reject(new Error('hook is broken'))],
  ['returns undefined', (): undefined => undefined],
  ['never settles', (): Promise<undefined> => new Promise(() => {})],
])('a hook.recover that %s does not change the error of the read', async (_how, recover) => {
  const { client, clock, kms } = await setUpWarmClient({ hook: { recover } });
  kms.fail('unreachable', 'cold');
  const read = client.get('cold');
  read.catch(() => {});

  await clock.pass('20s');

  await expect(read).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('hook.recover is not called if KMS refuses the secret', async () => {
  let calls = 0;
  const recover = (): undefined => {
    calls += 1;
  };
  const { client } = await setUpWarmClient({ hook: { recover } });

  await client.get('typo').catch(() => {});

  expect(calls).toBe(0);
});

test('a recovered value is served while a failure is cached', async () => {
  const recovered = new Secret({ name: 'cold', versionId: 'r1', value: 's3cret-r1', dataType: 'text' });
  const { client, kms } = setUpClient({ hook: { recover: () => recovered } });
  kms.fail('untrusted', 'cold');
  await client.get('cold');

  expect((await client.get('cold')).versionId).toBe('r1');
  expect(kms.requests.length).toBe(1);
});

test('a hook.recover that hangs does not delay later reads', async () => {
  let calls = 0;
  const recover = (): Promise<never> => {
    calls += 1;
    return new Promise(() => {});
  };
  const { client, clock, kms } = setUpClient({ hook: { recover }, attemptTimeout: '1s', retry: { maxAttempts: 1 } });
  kms.fail('unreachable', 'cold');

  for (let read = 0; read < 2; read += 1) {
    client.get('cold').catch(() => {});
    await clock.pass('2s');
  }

  expect(calls).toBe(2);
});

test('close() does not wait for a hook.recover that hangs', async () => {
  const recover = (): Promise<never> => new Promise(() => {});
  const { client, clock, kms } = setUpClient({ hook: { recover }, retry: { maxAttempts: 1 } });
  kms.fail('unreachable', 'cold');
  const read = client.get('cold');
  read.catch(() => {});
  await clock.pass(10);

  await client.close();

  await expect(read).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
});
