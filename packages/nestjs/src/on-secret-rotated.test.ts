import { Controller, Injectable, Module, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { expect, test } from 'vitest';
import { OnSecretRotated, SecretsModule } from './index.ts';
import type { SecretEvents } from './index.ts';
import { startedApp, trial } from './trial.fixture.ts';

type Rotated = SecretEvents['rotated'];

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a method is called after each rotation of its secret, on its instance, with the new version and the old one’s id', async () => {
  @Injectable()
  class Pool {
    readonly built: string[] = [];

    @OnSecretRotated('db')
    rebuild({ secret, previousVersionId }: Rotated): void {
      this.built.push(`${previousVersionId} -> ${secret.versionId}`);
    }
  }
  const { client, rotate } = trial();
  const { app } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db', 'api'] })],
    // One instance under two names is told once.
    providers: [Pool, { provide: 'pool', useExisting: Pool }],
  });

  await rotate('api', 'v2');
  await rotate('db', 'v2');
  await rotate('db', 'v3');

  expect(app.get(Pool).built).toEqual(['v1 -> v2', 'v2 -> v3']);
});

test('controllers, inherited methods and what a factory made are called too, and several secrets may share a method', async () => {
  const told: string[] = [];
  class Listening {
    @OnSecretRotated('db')
    @OnSecretRotated('api')
    onAny({ name }: Rotated): void {
      told.push(`${this.constructor.name} ${name}`);
    }
  }
  @Controller()
  class Routes extends Listening {}
  class Made extends Listening {}
  const { client, rotate } = trial();
  await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db', 'api'] })],
    controllers: [Routes],
    providers: [
      { provide: 'made', useFactory: () => new Made() },
      { provide: 'a text', useValue: 'text' },
      { provide: 'bare', useValue: Object.create(null) as object },
    ],
  });

  await rotate('db', 'v2');
  await rotate('api', 'v2');

  expect(told.toSorted()).toEqual(['Made api', 'Made db', 'Routes api', 'Routes db']);
});

test('a method of one client is not told of another’s', async () => {
  const told: string[] = [];
  @Injectable()
  class Reports {
    @OnSecretRotated('db', 'reports')
    rebuild({ secret }: Rotated): void {
      told.push(secret.versionId);
    }
  }
  const [usual, reports] = [trial(), trial()];
  await startedApp({
    imports: [
      SecretsModule.forRoot(usual.client, { secrets: ['db'] }),
      SecretsModule.forRoot(reports.client, { name: 'reports', secrets: ['db'] }),
    ],
    providers: [Reports],
  });

  await usual.rotate('db', 'v2');
  await reports.rotate('db', 'v3');

  expect(told).toEqual(['v3']);
});

test('what a method throws, or rejects with, is logged without its message, and harms nobody', async () => {
  const told: string[] = [];
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
      told.push(secret.versionId);
    }
  }
  const { client, rotate } = trial();
  const { log } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
    providers: [Fragile],
  });

  await rotate('db', 'v2');
  await settled();

  expect(told).toEqual(['v2']);
  const failed = log.filter((line) => line.includes('failed after "db" was rotated'));
  expect(failed.toSorted()).toEqual([
    'Fragile.rejects failed after "db" was rotated: RangeError was thrown.',
    'Fragile.throws failed after "db" was rotated: TypeError was thrown.',
  ]);
  expect(log.join('\n').includes('s3cret-')).toBe(false);
});

test('a method without a single instance to call it on is never called, and a warning says so at the start', async () => {
  const told: string[] = [];
  class Pools {
    @OnSecretRotated('db')
    rebuild(): void {
      told.push('called');
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest extends Pools {}
  @Injectable({ scope: Scope.TRANSIENT })
  class PerUser extends Pools {}
  const { client, rotate } = trial();
  const { log } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
    providers: [PerRequest, PerUser],
  });

  await rotate('db', 'v2');

  expect(told).toEqual([]);
  expect(log.filter((line) => line.includes('rebuild is never called when "db" is rotated'))).toHaveLength(2);
});

test('once the app has ended, nobody is called any more, although the client goes on', async () => {
  const told: string[] = [];
  @Injectable()
  class Pool {
    @OnSecretRotated('db')
    rebuild(): void {
      told.push('called');
    }
  }
  const { client, rotate } = trial();
  const { close } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
    providers: [Pool],
  });
  await rotate('db', 'v2');

  await close();
  await rotate('db', 'v3');

  expect(told).toEqual(['called']);
});

test('methods of a module that is loaded lazily are not found: its handle is how it listens', async () => {
  const told: string[] = [];
  @Injectable()
  class Late {
    @OnSecretRotated('db')
    rebuild(): void {
      told.push('called');
    }
  }
  @Module({ providers: [Late] })
  class LateModule {}
  const { client, rotate } = trial();
  const { app } = await startedApp({ imports: [SecretsModule.forRoot(client, { secrets: ['db'] })] });
  await app.get(LazyModuleLoader).load(() => LateModule);

  await rotate('db', 'v2');

  expect(told).toEqual([]);
});
