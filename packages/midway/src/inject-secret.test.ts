import { FakeTransport, fixedSecrets } from '@kms-secrets/testing';
import { Configuration, Init, Provide, Scope, ScopeEnum } from '@midwayjs/core';
import { expect, test } from 'vitest';
import { InjectSecret } from './index.ts';
import type { SecretHandle } from './index.ts';
import { startApp } from './midway-app.fixture.ts';

test('injects a handle that follows rotation', async () => {
  @Provide()
  @Scope(ScopeEnum.Singleton)
  class Database {
    @InjectSecret('db') readonly db!: SecretHandle;
  }
  const client = fixedSecrets({ db: 's3cret-one' });
  const app = await startApp({ client }, { classes: [Database] });
  const database = await app.getApplicationContext().getAsync(Database);

  const before = database.db.text();
  await client.rotate('db', 's3cret-two');

  expect([before, database.db.text()]).toEqual(['s3cret-one', 's3cret-two']);
});

test('the app waits for injected secrets: they are in memory when a class is created', async () => {
  let atStart = '';
  @Configuration({ namespace: 'orders' })
  class OrdersConfiguration {
    @InjectSecret('db') readonly db!: SecretHandle;
    async onReady(): Promise<void> {
      atStart = this.db.text();
    }
  }
  const kms = new FakeTransport();
  kms.put('db', 'v1');

  await startApp({ client: { endpoints: [kms] } }, { classes: [OrdersConfiguration] });

  expect(atStart).toBe('s3cret-db-v1');
});

test('the app does not start without an injected secret', async () => {
  @Provide()
  class Orders {
    @InjectSecret('typo') readonly db!: SecretHandle;
  }

  await expect(startApp({ client: fixedSecrets({}) }, { classes: [Orders] })).rejects.toThrow(
    /1 of 1 secret could not be preloaded:[^]* typo: /u,
  );
});

test('one handle serves all instances, and requests create none', async () => {
  @Provide()
  class PerRequest {
    @InjectSecret('db') readonly db!: SecretHandle;
  }
  const app = await startApp({ client: fixedSecrets({ db: 's3cret-db' }) }, { classes: [PerRequest] });
  const read = async (): Promise<SecretHandle> =>
    (await app.createAnonymousContext().requestContext.getAsync(PerRequest)).db;

  expect(await read()).toBe(await read());
});

test('a handle that is used before the start has read its secret says so', async () => {
  @Configuration({ namespace: 'early' })
  class EarlyConfiguration {
    @InjectSecret('db') readonly db!: SecretHandle;
    @Init()
    init(): void {
      this.db.text();
    }
  }

  await expect(
    startApp({ client: fixedSecrets({ db: 's3cret-db' }) }, { classes: [EarlyConfiguration] }),
  ).rejects.toThrow('before onConfigLoad of @kms-secrets/midway');
});
