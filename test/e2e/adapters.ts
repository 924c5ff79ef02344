import 'reflect-metadata';
import '../support/native-packages.ts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { secrets as forExpress } from '@kms-secrets/express';
import type { SecretClient } from '@kms-secrets/express';
import { secrets as forFastify } from '@kms-secrets/fastify';
import { secrets as forHono } from '@kms-secrets/hono';
import { secrets as forKoa } from '@kms-secrets/koa';
import * as forMidway from '@kms-secrets/midway';
import { RequestSecret, SecretsModule, SecretsService } from '@kms-secrets/nestjs';
import type { Secret } from '@kms-secrets/nestjs';
import type { RunningApp } from '@kms-secrets/testing/contracts';
import * as midway from '@midwayjs/core';
import * as midwayKoa from '@midwayjs/koa';
import { close as closeMidway, createApp as createMidwayApp } from '@midwayjs/mock';
import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { startEgg } from 'egg';
import type { Application } from 'egg';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { startEggApp } from '../support/egg-app.mjs';

const require = createRequire(import.meta.url);

/** The versions of the secret `db` that one request read, in order: the response to `GET /`. */
export type VersionsRead = readonly string[];

/** Pauses between two reads, so that a rotation can happen in between. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 25));

/** Listens on loopback, on a free port. */
async function listen(serve: RequestListener): Promise<RunningApp> {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  const close = async (): Promise<void> => void (await once(server.close(), 'close'));
  return { url: `http://127.0.0.1:${port}`, close };
}

/** Reads through a parameter decorator and through the service, as a guard does. */
@Controller()
class NestRoutes {
  readonly #secrets: SecretsService;

  constructor(@Inject(SecretsService) secrets: SecretsService) {
    this.#secrets = secrets;
  }

  @Get()
  async read(@RequestSecret('db') first: Secret, @Req() request: object): Promise<VersionsRead> {
    await pause();
    const second = (await this.#secrets.of(request).get('db')).versionId;
    await pause();
    return [first.versionId, second, this.#secrets.of(request).secret('db').versionId];
  }
}

@midway.Controller('/')
class MidwayRoutes {
  @midway.Inject() readonly ctx!: midwayKoa.Context;

  @midway.Get('/')
  async read(): Promise<VersionsRead> {
    const { secrets } = this.ctx;
    const first = secrets.secret('db').versionId;
    await pause();
    const second = (await secrets.get('db')).versionId;
    await pause();
    return [first, second, secrets.secret('db').versionId];
  }
}

@midway.Configuration({ imports: [midwayKoa, forMidway] })
class MidwayMain {}

/** A minimal app for each adapter, which reads the secret several times in one request. Add new adapters here. */
export const adapters: readonly {
  readonly name: string;
  readonly start: (client: SecretClient) => Promise<RunningApp>;
}[] = [
  {
    name: 'egg',
    start: (client) =>
      startEggApp({
        startEgg,
        plugin: dirname(require.resolve('@kms-secrets/egg/package.json')),
        kmsSecrets: { client, preload: ['db'] },
        routes: ({ router }: Application) => {
          router.get('/', async (ctx) => {
            const first = ctx.secrets.secret('db').versionId;
            await pause();
            const second = (await ctx.secrets.get('db')).versionId;
            await pause();
            ctx.body = [first, second, ctx.secrets.secret('db').versionId] satisfies VersionsRead;
          });
        },
      }),
  },
  {
    name: 'express',
    async start(client) {
      const app = express().use(forExpress(client, { preload: ['db'] }));
      app.get('/', (req, res, next) => {
        const read = async (): Promise<VersionsRead> => {
          const first = req.secrets.secret('db').versionId;
          await pause();
          const second = (await req.secrets.get('db')).versionId;
          await pause();
          return [first, second, req.secrets.secret('db').versionId];
        };
        read().then((versions) => res.json(versions), next);
      });
      return listen(app);
    },
  },
  {
    name: 'fastify',
    async start(client) {
      const app = fastify();
      await app.register(forFastify, { client, preload: ['db'] });
      // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Fastify awaits the promise that a route returns
      app.get('/', async (request): Promise<VersionsRead> => {
        const first = request.secrets.secret('db').versionId;
        await pause();
        const second = (await request.secrets.get('db')).versionId;
        await pause();
        return [first, second, request.secrets.secret('db').versionId];
      });
      return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
    },
  },
  {
    name: 'koa',
    async start(client) {
      const app = new Koa().use(forKoa(client, { preload: ['db'] }));
      app.use(async (ctx) => {
        const first = ctx.secrets.secret('db').versionId;
        await pause();
        const second = (await ctx.secrets.get('db')).versionId;
        await pause();
        ctx.body = [first, second, ctx.secrets.secret('db').versionId] satisfies VersionsRead;
      });
      return listen(app.callback());
    },
  },
  {
    name: 'hono',
    async start(client) {
      const app = new Hono().use(forHono(client, { preload: ['db'] })).get('/', async (c) => {
        const { secrets } = c.var;
        const first = secrets.secret('db').versionId;
        await pause();
        const second = (await secrets.get('db')).versionId;
        await pause();
        return c.json([first, second, secrets.secret('db').versionId] satisfies VersionsRead);
      });
      return listen(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
    },
  },
  {
    name: 'midway',
    async start(client) {
      const app = await createMidwayApp<midwayKoa.Framework>({
        imports: [{ MidwayMain, MidwayRoutes }],
        moduleLoadType: 'commonjs', // with 'esm', Midway logs that this repository has no src/configuration.ts
        globalConfig: {
          keys: 'for-tests',
          kmsSecrets: { client, preload: ['db'] },
          midwayLogger: { default: { transports: { console: false, file: false, error: false } } },
        },
      });
      const server = await listen(app.callback());
      return { url: server.url, close: () => server.close().then(() => closeMidway(app, { sleep: 1 })) };
    },
  },
  {
    name: 'nestjs',
    async start(client) {
      const metadata = { imports: [SecretsModule.forRoot(client)], controllers: [NestRoutes] };
      const app = (await Test.createTestingModule(metadata).compile()).createNestApplication();
      await app.listen(0, '127.0.0.1');
      return { url: await app.getUrl(), close: () => app.close() };
    },
  },
];
