import { Controller, Get, Injectable, Inject, Param, Req, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, PipeTransform } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { expect, test } from 'vitest';
import { RequestSecret, SecretErrorsFilter, SecretsModule, SecretsService } from './index.ts';
import type { Secret } from './index.ts';
import { get, startedApp, setup } from './nest-app.fixture.ts';

async function bodiesOf(app: Awaited<ReturnType<typeof startedApp>>['app'], ...paths: string[]): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for (const path of paths) bodies.push(await (await get(app, path)).json());
  return bodies;
}

test('a request keeps one version of a secret, in guards too', async () => {
  const { client, rotate } = setup();
  let version = 1;
  let controllers = 0;
  @Injectable()
  class Guard implements CanActivate {
    readonly #secrets: SecretsService;
    constructor(@Inject(SecretsService) secrets: SecretsService) {
      this.#secrets = secrets;
    }
    async canActivate(context: ExecutionContext): Promise<boolean> {
      const request = context.switchToHttp().getRequest<{ seen?: string }>();
      request.seen = (await this.#secrets.of(request).get('db')).versionId;
      version += 1;
      await rotate('db', `v${version}`);
      return true;
    }
  }
  @Controller()
  class Routes {
    constructor() {
      controllers += 1;
    }
    @Get()
    @UseGuards(Guard)
    async read(@RequestSecret('db') db: Secret, @RequestSecret('db') again: Secret, @Req() request: { seen: string }) {
      return [request.seen, db.versionId, again.versionId];
    }
  }
  const { app } = await startedApp({
    imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
    controllers: [Routes],
    providers: [Guard],
  });

  expect(await bodiesOf(app, '/', '/')).toEqual([
    ['v1', 'v1', 'v1'],
    ['v2', 'v2', 'v2'],
  ]);
  expect(controllers).toBe(1);
});

test('reads from several clients in one request', async () => {
  @Controller()
  class Routes {
    @Get()
    read(@RequestSecret('db') db: Secret, @RequestSecret('db', 'reports') other: Secret): string[] {
      return [db.versionId, other.versionId];
    }
  }
  const main = setup();
  const reports = setup();
  reports.kms.put('db', 'v9');
  const { app } = await startedApp({
    imports: [SecretsModule.forRoot(main.client), SecretsModule.forRoot(reports.client, { name: 'reports' })],
    controllers: [Routes],
  });

  expect(await bodiesOf(app, '/')).toEqual([['v1', 'v9']]);
});

test('a read that fails ends the request before the method is called', async () => {
  let called = 0;
  @Controller()
  class Routes {
    @Get(':any')
    read(@RequestSecret('gone') _gone: Secret, @Param('any') any: string): string {
      called += 1;
      return any;
    }
  }
  const { client } = setup();
  const { app } = await startedApp({
    imports: [SecretsModule.forRoot(client)],
    controllers: [Routes],
    providers: [{ provide: APP_FILTER, useClass: SecretErrorsFilter }],
  });

  expect(await bodiesOf(app, '/x')).toEqual([{ code: 'ERR_SECRET_NOT_FOUND' }]);
  expect(called).toBe(0);
});

test('a global pipe sees a function, and neither the request nor a value', async () => {
  const shown: string[] = [];
  const { client } = setup();
  @Controller()
  class Routes {
    @Get()
    read(@RequestSecret('db') db: Secret): string[] {
      return [db.versionId];
    }
  }
  const recordingPipe: PipeTransform = {
    transform(value: unknown) {
      shown.push(typeof value, ...Object.keys(value as object));
      return value;
    },
  };
  const { app } = await startedApp({
    imports: [SecretsModule.forRoot(client)],
    controllers: [Routes],
    providers: [{ provide: APP_PIPE, useValue: recordingPipe }],
  });

  expect(await bodiesOf(app, '/')).toEqual([['v1']]);
  expect(shown).toEqual(['function']);
});
