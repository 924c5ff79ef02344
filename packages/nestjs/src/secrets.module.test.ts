import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { describe, expect, test } from 'vitest';
import {
  InjectSecret,
  InjectSecretClient,
  SecretsModule,
  SecretsService,
  getSecretClientToken,
  getSecretToken,
} from './index.ts';
import type { SecretClient, SecretClientOptions, SecretHandle } from './index.ts';
import { startError, get, startedApp, setup } from './nest-app.fixture.ts';

/** Reads its secret in the constructor. */
@Injectable()
class Pool {
  readonly db: SecretHandle;
  readonly versionAtStart: string;

  constructor(@InjectSecret('db') db: SecretHandle) {
    this.db = db;
    this.versionAtStart = db.current.versionId;
  }
}

@Module({ imports: [SecretsModule.forFeature(['db'])], providers: [Pool] })
class PoolModule {}

describe('an injected handle', () => {
  test('has its secret in the constructor, and follows rotations', async () => {
    const { client, kms, rotate } = setup();
    const fetchNow = kms.fetch.bind(kms);
    kms.fetch = async (...args) => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return fetchNow(...args);
    };
    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client), PoolModule] });
    const pool = app.get(Pool);
    await rotate('db', 'v2');

    expect([pool.versionAtStart, pool.db.current.versionId]).toEqual(['v1', 'v2']);
  });

  test('keeps its secret fresh for a day without reads, until the app is closed', async () => {
    const { client, clock, kms } = setup();
    const { app, close } = await startedApp({ imports: [SecretsModule.forRoot(client), PoolModule] });
    const pool = app.get(Pool);
    await clock.pass('23h');
    kms.put('db', 'v2');
    await clock.pass('1h');
    const { pinned } = client.stats();
    await close();

    expect([pool.db.current.versionId, pinned, client.stats().pinned]).toEqual(['v2', 1, 0]);
  });

  test('is shared by all instances of a request-scoped class', async () => {
    @Controller({ path: '/', scope: Scope.REQUEST })
    class Scoped {
      static instances = 0;
      readonly db: SecretHandle;

      constructor(@InjectSecret('db') db: SecretHandle) {
        Scoped.instances += 1;
        this.db = db;
      }

      @Get()
      version(): string {
        return this.db.current.versionId;
      }
    }
    const { client, kms } = setup();
    const { app } = await startedApp({
      imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
      controllers: [Scoped],
    });

    const responses = [await get(app, '/'), await get(app, '/'), await get(app, '/')];

    expect(await Promise.all(responses.map((response) => response.text()))).toEqual(['v1', 'v1', 'v1']);
    expect([Scoped.instances, kms.requests.length]).toEqual([3, 1]);
  });

  test('stops the start if no module loads its name, and names both', async () => {
    @Module({ providers: [Pool] })
    class WithoutFeature {}

    const error = await startError({ imports: [SecretsModule.forRoot(setup().client), WithoutFeature] });

    expect(error.message).toMatch(/Secret\(db\)[^]*WithoutFeature/u);
  });

  test('can be injected into a lazily loaded module', async () => {
    const { client, kms } = setup();
    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client)] });
    const requestsBefore = kms.requests.length;

    const loaded = await app.get(LazyModuleLoader).load(() => PoolModule);

    expect(loaded.get(Pool).versionAtStart).toBe('v1');
    expect([requestsBefore, kms.requests.length]).toEqual([0, 1]);
  });

  test('is fetched once for any number of modules', async () => {
    @Module({ imports: [SecretsModule.forFeature(['db', 'db'])], providers: [Pool] })
    class Another {}
    const { client, kms } = setup();

    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client), PoolModule, Another] });

    expect(kms.requests).toHaveLength(1);
    expect(app.select(Another).get(Pool).versionAtStart).toBe('v1');
  });
});

describe('a secret that cannot be read at the start', () => {
  test('stops it, with one error that names every missing secret', async () => {
    const { client, kms } = setup();
    kms.fail('denied', 'api');

    const error = await startError({
      imports: [SecretsModule.forRoot(client), SecretsModule.forFeature(['db', 'api', 'typo'])],
    });

    expect(error).toMatchObject({ code: 'ERR_SECRET_SET' });
    expect(error.message).toMatch(/api: [^]*typo: /u);
  });

  test('waits for an outage of KMS until readyTimeout', async () => {
    const { client, clock, kms } = setup();
    kms.fail('unreachable');
    const starting = startedApp({ imports: [SecretsModule.forRoot(client), PoolModule] });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await clock.pass('25s');
    kms.heal();
    await clock.pass('5s');

    const { app } = await starting;
    expect(app.get(Pool).versionAtStart).toBe('v1');
  });

  test('fetches an optional secret later, without a read', async () => {
    const { client, clock, kms } = setup();
    kms.fail('notFound', 'api');
    const { app } = await startedApp({
      imports: [SecretsModule.forRoot(client, { secrets: [{ name: 'api', optional: true }] })],
    });
    kms.put('api', 'v1');
    await clock.pass('1m');

    expect(app.get<SecretHandle>(getSecretToken('api')).current.versionId).toBe('v1');
  });

  test('does not stop it if it is optional: a warning is logged, a later read works', async () => {
    const { client, kms } = setup();
    kms.fail('unavailable', 'api');
    const secrets = ['db', { name: 'api', optional: true }];
    const { app, log } = await startedApp({ imports: [SecretsModule.forRoot(client, { secrets })] });
    const api = app.get<SecretHandle>(getSecretToken('api'));

    expect(log.filter((line) => /without the optional secret "api"\. [^]*kms\.example/u.test(line))).toHaveLength(1);
    expect(() => api.current).toThrow('"api" is not in memory');
    kms.put('api', 'v1');
    await api.get();
    expect(api.current.versionId).toBe('v1');
  });

  test('stops it if it is in preload, and the created client is closed', async () => {
    const { options, kms } = setup();
    kms.fail('denied');

    const error = await startError({ imports: [SecretsModule.forRoot({ ...options, preload: ['db'] })] });

    expect(error).toMatchObject({ code: 'ERR_SECRET_SET' });
    expect(kms.isClosed).toBe(true);
  });

  test('does not delay an app with a client of your own', async () => {
    const { client, kms } = setup({ preload: ['db'] });

    await startedApp({ imports: [SecretsModule.forRoot(client)] });

    expect(kms.requests).toHaveLength(0);
  });
});

describe('forRootAsync', () => {
  @Injectable()
  class Settings {
    createSecretsOptions(): SecretClientOptions {
      return Settings.given;
    }
    static given: SecretClientOptions = {};
  }

  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  test.each([
    [
      'useFactory',
      {
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.createSecretsOptions(),
      },
    ],
    ['useClass', { useClass: Settings }],
    ['useExisting', { imports: [SettingsModule], useExisting: Settings }],
  ])('creates the client through %s, and waits for it before the app starts', async (_how, how) => {
    const { options, kms } = setup();
    Settings.given = { ...options, preload: ['api'] };

    const { app } = await startedApp({ imports: [SecretsModule.forRootAsync({ ...how, secrets: ['db'] })] });

    expect(kms.requests.map(({ name }) => name).toSorted()).toEqual(['api', 'db']);
    expect(app.get<SecretHandle>(getSecretToken('db')).current.versionId).toBe('v1');
  });

  test('takes a client from a factory, and leaves it open', async () => {
    const { client } = setup();
    const { close } = await startedApp({ imports: [SecretsModule.forRootAsync({ useFactory: async () => client })] });

    await close();

    expect(client.isClosed).toBe(false);
  });

  test('names the three choices if none is given', () => {
    expect(() => SecretsModule.forRootAsync({})).toThrow('useFactory, useClass or useExisting');
  });
});

test('refuses unknown options, and names the known ones', () => {
  // Mistakes that the types reject.
  const extras = { secret: ['db'] } as object;
  const asyncOptions = { useFactroy: () => ({}) } as object;
  const feature = { name: 'db', optionl: true } as unknown as { name: string; optional: boolean };

  expect(() => SecretsModule.forRoot({}, extras)).toThrow(/secret \(.*forRoot\(\)\)[^]*name, isGlobal, secrets/u);
  expect(() => SecretsModule.forRootAsync(asyncOptions)).toThrow(/useFactroy[^]*useFactory/u);
  expect(() => SecretsModule.forFeature([feature])).toThrow(/optionl[^]*name, optional/u);
});

describe('the module', () => {
  test('can be imported by several modules as one client', async () => {
    const { options, kms } = setup();
    const root = SecretsModule.forRoot({ ...options, preload: ['db'] });
    @Module({ imports: [root] })
    class Inner {}

    await startedApp({ imports: [root, Inner] });

    expect(kms.requests).toHaveLength(1);
  });

  test('stops the start if two clients have one name, and says what to write', async () => {
    const { options } = setup();
    @Module({ imports: [SecretsModule.forRoot(options)] })
    class Inner {}

    const error = await startError({ imports: [SecretsModule.forRoot(options), Inner] });

    expect(error.message).toMatch(/2 clients are called "default".*forFeature.*name: 'reports'/u);
  });

  test('provides several named clients', async () => {
    @Injectable()
    class ReadsBoth {
      readonly versions: readonly string[];
      constructor(
        @InjectSecret('db') db: SecretHandle,
        @InjectSecret('db', 'reports') other: SecretHandle,
        @InjectSecretClient('reports') client: SecretClient,
      ) {
        this.versions = [db.current.versionId, other.current.versionId, client.peek('db')?.versionId ?? 'none'];
      }
    }
    const main = setup();
    const reports = setup();
    reports.kms.put('db', 'v9');

    const { app } = await startedApp({
      imports: [
        SecretsModule.forRoot(main.client),
        SecretsModule.forRoot(reports.client, { name: 'reports' }),
        SecretsModule.forFeature(['db']),
        SecretsModule.forFeature(['db'], 'reports'),
      ],
      providers: [ReadsBoth],
    });

    expect(app.get(ReadsBoth).versions).toEqual(['v1', 'v9', 'v9']);
  });

  test('can have a named client and no default client', async () => {
    const { client } = setup();

    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client, { name: 'reports' })] });

    expect(app.get(getSecretClientToken('reports'))).toBe(client);
  });

  test('provides to importing modules only, if it is not global', async () => {
    const root = SecretsModule.forRoot(setup().client, { isGlobal: false, secrets: ['db'] });
    @Module({ imports: [root], providers: [Pool], exports: [Pool] })
    class Importing {}
    @Module({ providers: [Pool] })
    class Other {}

    const { app } = await startedApp({ imports: [Importing] });

    expect(app.get(Pool, { strict: false }).versionAtStart).toBe('v1');
    expect((await startError({ imports: [root, Other] })).message).toMatch(/Secret\(db\)/u);
  });

  test('logs to Nest’s logger, unless another logger is set', async () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const { options } = setup();
    const { log } = await startedApp({
      imports: [
        SecretsModule.forRoot(options),
        SecretsModule.forRoot(
          { ...options, logger: { debug: write, info: write, warn: write, error: write } },
          { name: 'quiet' },
        ),
      ],
    });

    const isFirstLine = (line: string): boolean => line.startsWith('Secret client: ');
    expect([log.filter(isFirstLine).length, lines.filter(isFirstLine).length]).toEqual([1, 1]);
  });

  test('provides the default client as SecretsService', async () => {
    @Injectable()
    class Reader {
      readonly secrets: SecretsService;
      constructor(@Inject(SecretsService) secrets: SecretsService) {
        this.secrets = secrets;
      }
    }
    const { client, kms } = setup();
    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client)], providers: [Reader] });
    const { secrets } = app.get(Reader);
    const before = await secrets.get('db');
    kms.put('db', 'v2');

    expect([before.versionId, (await secrets.refresh('db')).versionId]).toEqual(['v1', 'v2']);
    expect(secrets.client).toBe(app.get(getSecretClientToken()));
  });
});

describe('when the app ends', () => {
  test('a created client is closed after all other shutdown hooks', async () => {
    const seen: string[] = [];
    @Injectable()
    class Flusher {
      readonly #db: SecretHandle;
      constructor(@InjectSecret('db') db: SecretHandle) {
        this.#db = db;
      }
      async onApplicationShutdown(): Promise<void> {
        seen.push((await this.#db.get()).versionId);
      }
    }
    const { options, kms } = setup();
    const { close } = await startedApp({
      imports: [SecretsModule.forRoot(options, { secrets: ['db'] })],
      providers: [Flusher],
    });

    await close();

    expect([seen, kms.isClosed]).toEqual([['v1'], true]);
  });

  test('a client of your own stays open', async () => {
    const { client, kms } = setup();
    const { close } = await startedApp({ imports: [SecretsModule.forRoot(client), PoolModule] });

    await close();

    expect([client.isClosed, kms.isClosed]).toEqual([false, false]);
  });

  test('open reads reject with ERR_CLIENT_CLOSED, and closing does not wait for them', async () => {
    const { options, kms } = setup();
    const { app, close } = await startedApp({ imports: [SecretsModule.forRoot(options)] });
    kms.fail('hang');
    const reading = app.get(SecretsService).get('db');
    const outcome = reading.catch((error: { code: string }) => error.code);

    await close();

    expect(await outcome).toBe('ERR_CLIENT_CLOSED');
  });
});
