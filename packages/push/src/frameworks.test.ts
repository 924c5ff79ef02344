import 'reflect-metadata';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Controller, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import express from 'express';
// @ts-expect-error -- an alias of Express 4 without types
import untyped from 'express4';
import fastify from 'fastify';
import Koa from 'koa';
import { expect, onTestFinished, test } from 'vitest';
import { fastifyWebhook } from './fastify-webhook.ts';
import { account, region, startEvents } from './fleet.fixture.ts';
import type { EventsAndKms } from './fleet.fixture.ts';
import { koaHandler } from './koa-handler.ts';
import { nodeHandler } from './node-handler.ts';
import type { NodeRequest, NodeResponse } from './node-handler.ts';
import { rotationWebhook } from './rotation-webhook.ts';
import type { RotationWebhook } from './rotation-webhook.ts';
import { token } from './webhook.fixture.ts';

const express4 = untyped as typeof express; // the parts used here are the same in both

/** Starts a server with the webhook at `/hooks/kms`, after its middleware for JSON. Returns its port. */
type StartServer = (webhook: RotationWebhook) => Promise<number>;

@Module({})
class EmptyModule {}

const servers: Readonly<Record<string, StartServer>> = {
  'node:http': async (webhook) => {
    const handle = nodeHandler(webhook);
    return listening(createServer((request, response) => void handle(request, response)));
  },
  Express: async (webhook) => {
    const app = express();
    app.use('/hooks/kms', nodeHandler(webhook));
    app.use(express.json());
    return listening(createServer(app));
  },
  'Express 4': async (webhook) => {
    const app = express4();
    app.use('/hooks/kms', nodeHandler(webhook));
    app.use(express4.json());
    return listening(createServer(app));
  },
  'Express with express.raw()': async (webhook) => {
    const app = express();
    app.use(express.raw({ type: '*/*' }));
    app.post(['/hooks/kms', '/hooks/kms/:token'], nodeHandler(webhook));
    return listening(createServer(app));
  },
  Fastify: async (webhook) => {
    const app = fastify();
    app.post('/json', (request, reply) => void reply.send(request.body));
    await app.register(fastifyWebhook(webhook), { prefix: '/hooks/kms' });
    onTestFinished(() => app.close());
    await app.listen({ port: 0, host: '127.0.0.1' });
    const parsed = await app.inject({ method: 'POST', url: '/json', payload: { a: 1 } });
    expect(parsed.json()).toEqual({ a: 1 });
    return (app.server.address() as AddressInfo).port;
  },
  Koa: async (webhook) => {
    const app = new Koa();
    const handle = koaHandler(webhook);
    app.use((context, next) => (context.path.startsWith('/hooks/kms') ? handle(context) : next()));
    return listening(createServer(app.callback()));
  },
  'Nest on Fastify': async (webhook) => {
    const app = await NestFactory.create<NestFastifyApplication>(EmptyModule, new FastifyAdapter(), { logger: false });
    app.use('/hooks/kms', nodeHandler(webhook));
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    return (app.getHttpServer().address() as AddressInfo).port;
  },
  Nest: async (webhook) => {
    const app = await NestFactory.create(EmptyModule, { logger: false });
    app.use('/hooks/kms', nodeHandler(webhook));
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    return (app.getHttpServer().address() as AddressInfo).port;
  },
};

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

interface Setup extends EventsAndKms {
  readonly origin: string;
  readonly webhook: RotationWebhook;
  readonly versionOf: () => string | undefined;
}

async function setUp(start: StartServer): Promise<Setup> {
  const fake = await startEvents();
  const client = await fake.createClient();
  // The URL behind a proxy: the server itself does not see it.
  const url = 'https://shop.example.com/hooks/kms';
  const webhook = rotationWebhook(client, {
    accounts: [account],
    regions: [region],
    eventBridge: { url, testCertificateOrigin: fake.events.certificateOrigin },
    cloudMonitor: { token },
  });
  const origin = `http://127.0.0.1:${await start(webhook)}`;
  return { ...fake, origin, webhook, versionOf: () => client.peek('db')?.versionId };
}

test.each(Object.entries(servers))('%s receives events of EventBridge and CloudMonitor', async (_name, start) => {
  const { kms, events, origin, webhook, versionOf } = await setUp(start);
  const post = async (path: string, body: string, headers: Record<string, string> = {}): Promise<number> => {
    const options = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } };
    const response = await fetch(`${origin}${path}`, options);
    expect(await response.text()).toMatch(/^(?:Unauthorized)?$/u);
    return response.status;
  };
  const large = await post('/hooks/kms', 'x'.repeat(10 * 1024 * 1024)).catch(() => 'connection closed');
  expect([401, 413, 'connection closed']).toContain(large);
  const second = kms.rotate('db');
  const signed = events.signed('https://shop.example.com/hooks/kms', { name: 'db', kind: 'rotated' });

  expect(await post('/hooks/kms', signed.body, signed.headers)).toBe(204);
  await expect.poll(versionOf).toBe(second);
  expect(await post('/hooks/kms', `${signed.body} `, signed.headers)).toBe(401);
  events.sendTo({ cloudMonitor: `${origin}/hooks/kms/${token}` });
  const third = kms.rotate('db');
  await events.settled();
  await expect.poll(versionOf).toBe(third);
  expect(events.deliveries).toEqual([expect.objectContaining({ status: 204, secretName: 'db' })]);
  expect(webhook.stats()).toMatchObject({ events: { refreshed: 2 } });
  expect(webhook.stats().rejected).toBeGreaterThan(0);
});

test('Koa gets the headers of the response', async () => {
  const headers: string[] = [];
  const set = (name: string, value: string): void => void headers.push(`${name}: ${value}`);
  const req = Object.assign(Readable.from([]), { method: 'GET', url: '/', headers: {} });
  const context = { req, request: {}, status: 0, body: undefined, set };
  const webhook = { receive: async () => ({ status: 405, headers: { allow: 'POST' } }) };

  await koaHandler(webhook as never)(context);

  expect([context.status, context.body, headers]).toEqual([405, null, ['allow: POST']]);
});

test('Express with a parser in front says what to change', async () => {
  const { events, origin } = await setUp(async (webhook) => {
    const app = express();
    app.use(express.json());
    app.use('/hooks/kms', nodeHandler(webhook));
    return listening(createServer(app));
  });
  const { body, headers } = events.signed('https://shop.example.com/hooks/kms', { name: 'db', kind: 'rotated' });

  const response = await fetch(`${origin}/hooks/kms`, {
    method: 'POST',
    body,
    headers: { ...headers, 'content-type': 'application/json' },
  });

  expect(response.status).toBe(500);
});

test('a controller of Nest needs rawBody', async () => {
  const { events, origin, webhook } = await setUp(async (given) => {
    const handle = nodeHandler(given);
    @Controller('hooks/kms')
    class KmsEvents {
      @Post()
      receive(@Req() request: NodeRequest, @Res() response: NodeResponse): Promise<void> {
        return handle(request, response);
      }
    }
    @Module({ controllers: [KmsEvents] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, rawBody: true });
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    return (app.getHttpServer().address() as AddressInfo).port;
  });
  const { body, headers } = events.signed('https://shop.example.com/hooks/kms', { name: 'db', kind: 'rotated' });

  const { status } = await fetch(`${origin}/hooks/kms`, {
    method: 'POST',
    body,
    headers: { ...headers, 'content-type': 'application/json' },
  });

  expect([status, webhook.stats().events.refreshed]).toEqual([204, 1]);
});
