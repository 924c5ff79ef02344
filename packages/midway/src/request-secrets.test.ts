import { inspect } from 'node:util';
import { FakeClock, FakeTransport, fixedSecrets } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { startApp } from './midway-app.fixture.ts';

test('a request keeps one version of each secret; the next request sees the new one', async () => {
  const client = fixedSecrets({ db: 's3cret-one', api: 's3cret-api' });
  const app = await startApp({ client, preload: ['db'] });
  const first = app.createAnonymousContext();

  const before = first.secrets.text('db'); // preloaded, so there is nothing to wait for
  const api = await first.secrets.get('api');
  await client.rotate('db', 's3cret-two');

  expect([before, first.secrets.text('db'), api.text()]).toEqual(['s3cret-one', 's3cret-one', 's3cret-api']);
  expect(app.createAnonymousContext().secrets.text('db')).toBe('s3cret-two');
});

test('a refusal reaches a request that has read the secret', async () => {
  const client = fixedSecrets({ db: 's3cret-one' });
  const app = await startApp({ client, preload: ['db'] });
  const { secrets } = app.createAnonymousContext();
  secrets.text('db');

  await client.deny('db');

  await expect(secrets.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  // A new context reads it from KMS: it is not in memory.
  await expect(app.createAnonymousContext().secrets.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
});

test('json() validates with the schema of the configuration', async () => {
  const schema = {
    '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: { checked: value } }) },
  } as const;
  const app = await startApp({ client: fixedSecrets({ db: { port: 1 } }), preload: ['db'], schemas: { db: schema } });

  expect(app.createAnonymousContext().secrets.json('db')).toEqual({ checked: { port: 1 } });
});

test('inspecting or serializing a context shows no value', async () => {
  const app = await startApp({ client: fixedSecrets({ db: 's3cret-db' }), preload: ['db'] });
  const context = app.createAnonymousContext();
  context.secrets.text('db');

  expect(inspect(context, { depth: 3, showHidden: true })).not.toContain('s3cret-');
  expect(Object.keys(context)).not.toContain('secrets');
});

test('reads a name that the app has loaded without waiting, also while it is fetched again', async () => {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  kms.put('db', 'v1');
  const app = await startApp({ client: { endpoints: [kms], clock, ttl: '1s' }, preload: ['db'] });
  kms.fail('hang');
  await clock.pass('1s');

  const secret = app.createAnonymousContext().secrets.secret('db');

  expect([secret.versionId, secret.stale]).toEqual(['v1', true]);
});
