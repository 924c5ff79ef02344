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
import { failedStart, get, startedApp, trial } from './trial.fixture.ts';

/** Reads in its constructor: the secret has to be there by then. */
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

describe('a handle that is injected', () => {
  test('has its secret when the constructor is called, and its rotation later', async () => {
    const { client, kms, rotate } = trial();
    const fetchAtOnce = kms.fetch.bind(kms);
    kms.fetch = async (...asked) => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return fetchAtOnce(...asked);
    };
    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client), PoolModule] });
    const pool = app.get(Pool);
    await rotate('db', 'v2');

    expect([pool.versionAtStart, pool.db.current.versionId]).toEqual(['v1', 'v2']);
  });

  test('is one for all instances of a request-scoped class: its request costs no fetch', async () => {
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
    const { client, kms } = trial();
    const { app } = await startedApp({
      imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
      controllers: [Scoped],
    });

    const answers = [await get(app, '/'), await get(app, '/'), await get(app, '/')];

    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['v1', 'v1', 'v1']);
    expect([Scoped.instances, kms.requests.length]).toEqual([3, 1]);
  });

  test('of a name that nobody loads stops the start, with the name and the module in the error', async () => {
    @Module({ providers: [Pool] })
    class WithoutFeature {}

    const error = await failedStart({ imports: [SecretsModule.forRoot(trial().client), WithoutFeature] });

    expect(error.message).toMatch(/Secret\(db\)[^]*WithoutFeature/u);
  });

  test('reaches a module that is loaded lazily', async () => {
    const { client, kms } = trial();
    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client)] });
    const asked = kms.requests.length;

    const loaded = await app.get(LazyModuleLoader).load(() => PoolModule);

    expect(loaded.get(Pool).versionAtStart).toBe('v1');
    expect([asked, kms.requests.length]).toEqual([0, 1]);
  });

  test('is fetched once, however many modules ask for it', async () => {
    @Module({ imports: [SecretsModule.forFeature(['db', 'db'])], providers: [Pool] })
    class Another {}
    const { client, kms } = trial();

    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client), PoolModule, Another] });

    expect(kms.requests).toHaveLength(1);
    expect(app.select(Another).get(Pool).versionAtStart).toBe('v1');
  });
});

describe('a secret that cannot be had at the start', () => {
  test('stops it, with an error that names all that are missing and why', async () => {
    const { client, kms } = trial();
    kms.fail('denied', 'api');

    const error = await failedStart({
      imports: [SecretsModule.forRoot(client), SecretsModule.forFeature(['db', 'api', 'typo'])],
    });

    expect(error).toMatchObject({ code: 'ERR_SECRET_SET' });
    expect(error.message).toMatch(/api: [^]*typo: /u);
  });

  test('does not stop it if it is optional; that is logged, and who reads it later is told, or has it', async () => {
    const { client, kms } = trial();
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

  test('in the option preload stops it too, and the client that was made is closed', async () => {
    const { options, kms } = trial();
    kms.fail('denied');

    const error = await failedStart({ imports: [SecretsModule.forRoot({ ...options, preload: ['db'] })] });

    expect(error).toMatchObject({ code: 'ERR_SECRET_SET' });
    expect(kms.isClosed).toBe(true);
  });

  test('does not hold up an app around a client of your own, which is ready when you say so', async () => {
    const { client, kms } = trial({ preload: ['db'] });

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
      { imports: [SettingsModule], inject: [Settings], useFactory: (made: Settings) => made.createSecretsOptions() },
    ],
    ['useClass', { useClass: Settings }],
    ['useExisting', { imports: [SettingsModule], useExisting: Settings }],
  ])('makes the client from what %s knows, and is ready before the app starts', async (_how, how) => {
    const { options, kms } = trial();
    Settings.given = { ...options, preload: ['api'] };

    const { app } = await startedApp({ imports: [SecretsModule.forRootAsync({ ...how, secrets: ['db'] })] });

    expect(kms.requests.map(({ name }) => name).toSorted()).toEqual(['api', 'db']);
    expect(app.get<SecretHandle>(getSecretToken('db')).current.versionId).toBe('v1');
  });

  test('takes a client of your own from a factory as well, and leaves it open', async () => {
    const { client } = trial();
    const { close } = await startedApp({ imports: [SecretsModule.forRootAsync({ useFactory: async () => client })] });

    await close();

    expect(client.describe().isClosed).toBe(false);
  });

  test('without any of the three says which there are', () => {
    expect(() => SecretsModule.forRootAsync({})).toThrow('useFactory, useClass or useExisting');
  });
});

describe('the module', () => {
  test('may be imported in many places: it is one client', async () => {
    const { options, kms } = trial();
    const root = SecretsModule.forRoot({ ...options, preload: ['db'] });
    @Module({ imports: [root] })
    class Inner {}

    await startedApp({ imports: [root, Inner] });

    expect(kms.requests).toHaveLength(1);
  });

  test('made twice under one name stops the start, and the error says what to write', async () => {
    const { options } = trial();
    @Module({ imports: [SecretsModule.forRoot(options)] })
    class Inner {}

    const error = await failedStart({ imports: [SecretsModule.forRoot(options), Inner] });

    expect(error.message).toMatch(/2 clients are called "default".*forFeature.*name: 'reports'/u);
  });

  test('holds several clients, each with its name', async () => {
    @Injectable()
    class Both {
      readonly versions: readonly string[];
      constructor(
        @InjectSecret('db') db: SecretHandle,
        @InjectSecret('db', 'reports') other: SecretHandle,
        @InjectSecretClient('reports') readonlyClient: SecretClient,
      ) {
        this.versions = [db.current.versionId, other.current.versionId, readonlyClient.peek('db')?.versionId ?? 'none'];
      }
    }
    const [usual, reports] = [trial(), trial()];
    reports.kms.put('db', 'v9');

    const { app } = await startedApp({
      imports: [
        SecretsModule.forRoot(usual.client),
        SecretsModule.forRoot(reports.client, { name: 'reports' }),
        SecretsModule.forFeature(['db']),
        SecretsModule.forFeature(['db'], 'reports'),
      ],
      providers: [Both],
    });

    expect(app.get(Both).versions).toEqual(['v1', 'v9', 'v9']);
  });

  test('may have a client with a name and none without', async () => {
    const { client } = trial();

    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client, { name: 'reports' })] });

    expect(app.get(getSecretClientToken('reports'))).toBe(client);
  });

  test('that is not global is seen by those that import it, and by nobody else', async () => {
    const root = SecretsModule.forRoot(trial().client, { isGlobal: false, secrets: ['db'] });
    @Module({ imports: [root], providers: [Pool], exports: [Pool] })
    class Importing {}
    @Module({ providers: [Pool] })
    class Other {}

    const { app } = await startedApp({ imports: [Importing] });

    expect(app.get(Pool, { strict: false }).versionAtStart).toBe('v1');
    expect((await failedStart({ imports: [root, Other] })).message).toMatch(/Secret\(db\)/u);
  });

  test('lets a client that is made here write to Nest’s logger, unless another is set', async () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const { options } = trial();
    const { log } = await startedApp({
      imports: [
        SecretsModule.forRoot(options),
        SecretsModule.forRoot(
          { ...options, logger: { debug: write, info: write, warn: write, error: write } },
          { name: 'quiet' },
        ),
      ],
    });

    const told = (line: string): boolean => line.startsWith('Secret client: ');
    expect([log.filter(told).length, lines.filter(told).length]).toEqual([1, 1]);
  });

  test('hands out the usual client as a class, for names that are not known before', async () => {
    @Injectable()
    class Reader {
      readonly secrets: SecretsService;
      constructor(@Inject(SecretsService) secrets: SecretsService) {
        this.secrets = secrets;
      }
    }
    const { client, kms } = trial();
    const { app } = await startedApp({ imports: [SecretsModule.forRoot(client)], providers: [Reader] });
    const { secrets } = app.get(Reader);
    const before = await secrets.get('db');
    kms.put('db', 'v2');

    expect([before.versionId, (await secrets.refresh('db')).versionId]).toEqual(['v1', 'v2']);
    expect(secrets.client).toBe(app.get(getSecretClientToken()));
  });
});

describe('when the app ends', () => {
  test('a client that was made here is closed, last of all: who ends before may still read', async () => {
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
    const { options, kms } = trial();
    const { close } = await startedApp({
      imports: [SecretsModule.forRoot(options, { secrets: ['db'] })],
      providers: [Flusher],
    });

    await close();

    expect([seen, kms.isClosed]).toEqual([['v1'], true]);
  });

  test('a client of your own stays open', async () => {
    const { client, kms } = trial();
    const { close } = await startedApp({ imports: [SecretsModule.forRoot(client), PoolModule] });

    await close();

    expect([client.describe().isClosed, kms.isClosed]).toEqual([false, false]);
  });

  test('reads under way end with an error that says so, and closing does not wait for them', async () => {
    const { options, kms } = trial();
    const { app, close } = await startedApp({ imports: [SecretsModule.forRoot(options)] });
    kms.fail('hang');
    const reading = app.get(SecretsService).get('db');
    const outcome = reading.catch((error: { code: string }) => error.code);

    await close();

    expect(await outcome).toBe('ERR_CLIENT_CLOSED');
  });
});
