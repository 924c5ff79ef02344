import 'reflect-metadata';
import { FakeTransport, fixedSecrets } from '@kms-secrets/testing';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';
import {
  createSecretClient,
  getSecretClientToken,
  InjectSecret,
  OnSecretRotated,
  SecretHandle,
  SecretsModule,
  SecretsService,
} from './index.ts';

@Injectable()
class Pool {
  readonly #db: SecretHandle;
  rebuilt = 0;

  constructor(@InjectSecret('db') db: SecretHandle) {
    this.#db = db;
  }

  get isFirst(): boolean {
    return this.#db.text() === 's3cret-first';
  }

  @OnSecretRotated('db')
  rebuild(): void {
    this.rebuilt += 1;
  }
}

/** An app with settings that do not exist in tests. */
@Module({
  imports: [SecretsModule.forRoot({ endpoints: ['cn-hangzhou'], preload: ['db'] }), SecretsModule.forFeature(['db'])],
  providers: [Pool],
})
class AppModule {}

test('an app can be tested with fixed secrets instead of its client', async () => {
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(getSecretClientToken())
    .useValue(fixedSecrets({ db: 's3cret-first' }))
    .compile();
  onTestFinished(() => module.close());

  expect(module.get(Pool).isFirst).toBe(true);
  await expect(module.get(SecretsService).get('other')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });
});

test('a rotation can be tested on a fake transport', async () => {
  const kms = new FakeTransport();
  kms.put('db', 'v1', { value: 's3cret-first' });
  const client = createSecretClient({ endpoints: [kms] });
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(getSecretClientToken())
    .useValue(client)
    .compile();
  onTestFinished(() => module.close());
  await module.init();
  const pool = module.get(Pool);
  const before = pool.isFirst;
  kms.put('db', 'v2', { value: 's3cret-second' });

  await client.refresh('db');

  expect([before, pool.isFirst, pool.rebuilt]).toEqual([true, false, 1]);
});

test('a single class can be tested with a handle alone', async () => {
  const client = fixedSecrets({ db: 's3cret-first' });
  await client.ready();

  expect(new Pool(new SecretHandle(client, 'db')).isFirst).toBe(true);
});
