import { Controller, Injectable, Module, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { expect, test } from 'vitest';
import { OnSecretRotated, SecretsModule } from './index.ts';
import type { SecretEvents } from './index.ts';
import { startedApp, setup } from './nest-app.fixture.ts';

type Rotated = SecretEvents['rotated'];

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('calls the method after each rotation, with the new and the previous version', async () => {
  @Injectable()
  class Pool {
    readonly built: string[] = [];

    @OnSecretRotated('db')
    rebuild({ secret, previousVersionId }: Rotated): void {
      this.built.push(`${previousVersionId} -> ${secret.versionId}`);
    }
  }
  const { client, rotate } = setup();
  const { app } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db', 'api'] })],
    // One instance under two tokens is called once.
    providers: [Pool, { provide: 'pool', useExisting: Pool }],
  });

  await rotate('api', 'v2');
  await rotate('db', 'v2');
  await rotate('db', 'v3');

  expect(app.get(Pool).built).toEqual(['v1 -> v2', 'v2 -> v3']);
});

test('calls the method for each rotation of a day without reads, also of a secret that nothing reads', async () => {
  @Injectable()
  class Pool {
    readonly built: (string | undefined)[] = [];

    @OnSecretRotated('db')
    rebuild({ versionId }: Rotated): void {
      this.built.push(versionId);
    }
  }
  const { client, clock, kms } = setup();
  const { app, close } = await startedApp({ imports: [SecretsModule.forRoot(client)], providers: [Pool] });
  await clock.pass('2s');
  for (const versionId of ['v2', 'v3']) {
    kms.put('db', versionId);
    await clock.pass('12h');
  }

  expect(app.get(Pool).built).toEqual(['v2', 'v3']);
  await close();
  expect(client.stats().pinned).toBe(0);
});

test('calls controllers, inherited methods and factory results, for several secrets', async () => {
  const calls: string[] = [];
  class Listener {
    @OnSecretRotated('db')
    @OnSecretRotated('api')
    onAny({ name }: Rotated): void {
      calls.push(`${this.constructor.name} ${name}`);
    }
  }
  @Controller()
  class Routes extends Listener {}
  class FromFactory extends Listener {}
  const { client, rotate } = setup();
  await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db', 'api'] })],
    controllers: [Routes],
    providers: [
      { provide: 'from-factory', useFactory: () => new FromFactory() },
      { provide: 'a string', useValue: 'text' },
      { provide: 'bare', useValue: Object.create(null) as object },
    ],
  });

  await rotate('db', 'v2');
  await rotate('api', 'v2');

  expect(calls.toSorted()).toEqual(['FromFactory api', 'FromFactory db', 'Routes api', 'Routes db']);
});

test('does not call a method for the rotations of another client', async () => {
  const calls: string[] = [];
  @Injectable()
  class Reports {
    @OnSecretRotated('db', 'reports')
    rebuild({ secret }: Rotated): void {
      calls.push(secret.versionId);
    }
  }
  const main = setup();
  const reports = setup();
  await startedApp({
    imports: [
      SecretsModule.forRoot(main.client, { secrets: ['db'] }),
      SecretsModule.forRoot(reports.client, { name: 'reports', secrets: ['db'] }),
    ],
    providers: [Reports],
  });

  await main.rotate('db', 'v2');
  await reports.rotate('db', 'v3');

  expect(calls).toEqual(['v3']);
});

test('logs an error of a method without its message, and calls the other methods', async () => {
  const calls: string[] = [];
  @Injectable()
  class Fragile {
    @OnSecretRotated('db')
    throws(): void {
      throw new TypeError('s3cret-in-a-message');
    }

    @OnSecretRotated('db')
    async rejects(): Promise<void> {
      throw new RangeError('s3cret-in-a-message');
    }

    @OnSecretRotated('db')
    works({ secret }: Rotated): void {
      calls.push(secret.versionId);
    }
  }
  const { client, rotate } = setup();
  const { log } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
    providers: [Fragile],
  });

  await rotate('db', 'v2');
  await nextTurn();

  expect(calls).toEqual(['v2']);
  const failed = log.filter((line) => line.includes('failed after "db" was rotated'));
  expect(failed.toSorted()).toEqual([
    'Fragile.rejects failed after "db" was rotated: RangeError was thrown.',
    'Fragile.throws failed after "db" was rotated: TypeError was thrown.',
  ]);
  expect(log.join('\n').includes('s3cret-')).toBe(false);
});

test('warns at the start that a method of a scoped provider is never called', async () => {
  const calls: string[] = [];
  class Pools {
    @OnSecretRotated('db')
    rebuild(): void {
      calls.push('called');
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest extends Pools {}
  @Injectable({ scope: Scope.TRANSIENT })
  class PerUser extends Pools {}
  const { client, rotate } = setup();
  const { log } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
    providers: [PerRequest, PerUser],
  });

  await rotate('db', 'v2');

  expect(calls).toEqual([]);
  expect(log.filter((line) => line.includes('rebuild is never called when "db" is rotated'))).toHaveLength(2);
});

test('calls no method after the app was closed', async () => {
  const calls: string[] = [];
  @Injectable()
  class Pool {
    @OnSecretRotated('db')
    rebuild(): void {
      calls.push('called');
    }
  }
  const { client, rotate } = setup();
  const { close } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
    providers: [Pool],
  });
  await rotate('db', 'v2');

  await close();
  await rotate('db', 'v3');

  expect(calls).toEqual(['called']);
});

test('does not find the methods of a lazily loaded module', async () => {
  const calls: string[] = [];
  @Injectable()
  class Late {
    @OnSecretRotated('db')
    rebuild(): void {
      calls.push('called');
    }
  }
  @Module({ providers: [Late] })
  class LateModule {}
  const { client, rotate } = setup();
  const { app } = await startedApp({ imports: [SecretsModule.forRoot(client, { secrets: ['db'] })] });
  await app.get(LazyModuleLoader).load(() => LateModule);

  await rotate('db', 'v2');

  expect(calls).toEqual([]);
});
