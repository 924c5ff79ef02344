import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { Controller, Inject, Injectable, Module, UseFilters, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication, Type, WebSocketAdapter } from '@nestjs/common';
import { APP_FILTER, ExternalContextCreator } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ClientProxyFactory, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { firstValueFrom } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InjectSecretClient, RequestSecret, SecretErrorsFilter, SecretsModule, SecretsService } from './index.ts';
import type { Secret, SecretClient } from './index.ts';
import { setup } from './nest-app.fixture.ts';

const internalError = { status: 'error', message: 'Internal server error' };

type Send = (pattern: string, payload: unknown) => Promise<unknown>;

/** Reads `db`, then lets a rotation happen: the handler must still see the version of the guard. */
@Injectable()
class RotatingGuard implements CanActivate {
  static rotate: () => Promise<void>;
  static seen: string | undefined;

  readonly #secrets: SecretsService;

  constructor(@Inject(SecretsService) secrets: SecretsService) {
    this.#secrets = secrets;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    RotatingGuard.seen = (await this.#secrets.of(context).get('db')).versionId;
    await RotatingGuard.rotate();
    return true;
  }
}

@Controller()
class Messages {
  readonly #client: SecretClient;

  constructor(@InjectSecretClient() client: SecretClient) {
    this.#client = client;
  }

  @MessagePattern('version')
  version(@Payload() _payload: unknown, @RequestSecret('db') db: Secret): string {
    return db.versionId;
  }

  @MessagePattern('guarded')
  @UseGuards(RotatingGuard)
  guarded(@RequestSecret('db') db: Secret): string {
    return `${RotatingGuard.seen} ${db.versionId}`;
  }

  @MessagePattern('missing')
  async missing(): Promise<string> {
    return (await this.#client.get('gone')).versionId;
  }
}

/** Resolvers are providers. */
@Injectable()
class Resolver extends Messages {}

// Nest does not apply global filters to gateways.
@WebSocketGateway()
@UseFilters(SecretErrorsFilter)
class Gateway {
  readonly #client: SecretClient;

  constructor(@InjectSecretClient() client: SecretClient) {
    this.#client = client;
  }

  @SubscribeMessage('version')
  version(@MessageBody() _payload: unknown, @RequestSecret('db') db: Secret): string {
    return db.versionId;
  }

  @SubscribeMessage('guarded')
  @UseGuards(RotatingGuard)
  guarded(@MessageBody() _payload: unknown, @RequestSecret('db') db: Secret): string {
    return `${RotatingGuard.seen} ${db.versionId}`;
  }

  @SubscribeMessage('missing')
  async missing(): Promise<string> {
    return (await this.#client.get('gone')).versionId;
  }
}

async function appOf(client: SecretClient, ...providers: Type[]): Promise<INestApplication> {
  @Module({
    imports: [SecretsModule.forRoot(client, { secrets: ['db'] })],
    controllers: [Messages],
    providers: [...providers, RotatingGuard, { provide: APP_FILTER, useClass: SecretErrorsFilter }],
  })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = module.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  return app;
}

/** Sends messages over one TCP connection to a microservice of the app. */
async function microservice(client: SecretClient): Promise<Send> {
  const app = await appOf(client);
  const options = { host: '127.0.0.1', port: 0 };
  const service = app.connectMicroservice({ transport: Transport.TCP, options }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  const server = service.unwrap<Server>();
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const proxy = ClientProxyFactory.create({ transport: Transport.TCP, options: { ...options, port } });
  onTestFinished(() => proxy.close());
  return (pattern, payload) => firstValueFrom(proxy.send<unknown>(pattern, payload));
}

/** Sends messages over one socket to a gateway of the app. The socket stands in for one of a WebSocket server. */
function gateway(isNative: boolean): (client: SecretClient) => Promise<Send> {
  return async (client) => {
    const app = await appOf(client, Gateway);
    const sent: unknown[] = [];
    const nativeSocket = { readyState: 1, send: (text: string) => sent.push(JSON.parse(text)) };
    const socketIo = { emit: (event: string, data: unknown) => sent.push({ event, data }) };
    const socket = isNative ? nativeSocket : socketIo;
    let send: Send | undefined;
    const adapter: WebSocketAdapter & { readonly dispose: () => void } = {
      create: () => ({}),
      bindClientConnect: (_server, connect) => void setImmediate(() => Reflect.apply(connect, undefined, [socket])),
      bindMessageHandlers: (_socket, handlers) => {
        send = async (pattern, payload) => {
          const handler = handlers.find(({ message }) => message === pattern) ?? expect.fail(pattern);
          const reply: unknown = await handler.callback(payload);
          return reply === undefined ? sent.at(-1) : reply;
        };
      },
      close: () => {},
      dispose: () => {},
    };
    app.useWebSocketAdapter(adapter);
    await app.init();
    await new Promise((resolve) => setImmediate(resolve));
    return send ?? expect.fail('Nest binds the handlers when a socket connects.');
  };
}

/** Runs resolvers as `@nestjs/graphql` does. One root value, one context and one query document serve the whole process. */
async function graphql(client: SecretClient): Promise<Send> {
  const app = await appOf(client, Resolver);
  await app.init();
  const creator = app.get(ExternalContextCreator);
  const resolver = app.get(Resolver);
  const root = {};
  const context = {};
  const paramsFactory = { exchangeKeyForValue: () => undefined };
  return async (pattern, payload) => {
    const method = pattern as 'version' | 'guarded' | 'missing';
    const resolve = creator.create(
      resolver,
      resolver[method] as (...args: unknown[]) => unknown, // Nest passes what the decorators say
      method,
      '__routeArguments__',
      paramsFactory,
      undefined,
      undefined,
      undefined,
      'graphql',
    );
    return resolve(root, payload, context, { variableValues: {} });
  };
}

/** What a caller receives: a microservice rejects, a gateway sends an event, and a resolver rejects with the error itself. */
const rejection = { denied: internalError, missing: internalError };
const exceptionEvent = { event: 'exception', data: internalError };
const event = { denied: exceptionEvent, missing: exceptionEvent };
const ownErrors = { denied: { code: 'ERR_ACCESS_DENIED' }, missing: { code: 'ERR_SECRET_NOT_FOUND' } };

describe.each([
  ['a microservice', microservice, rejection],
  ['a gateway on a native WebSocket', gateway(true), event],
  ['a gateway on Socket.IO', gateway(false), event],
  ['GraphQL', graphql, ownErrors],
])('%s', (_name, start, errors) => {
  test.each([[{ id: 1 }], ['text'], [''], [7]])('reads the version in memory for each message %j', async (payload) => {
    const { client, rotate, kms } = setup();
    const send = await start(client);
    const before = await send('version', payload);
    await rotate('db', 'v2');
    const after = await send('version', payload);
    kms.fail('denied');
    await client.refresh('db').catch(() => {});

    expect([before, after]).toEqual(['v1', 'v2']);
    expect(await errorOf(send('version', payload))).toMatchObject(errors.denied);
  });

  test('sends its caller what Nest sends without the filter', async () => {
    const send = await start(setup().client);

    expect(await errorOf(send('missing', { id: 1 }))).toMatchObject(errors.missing);
  });
});

// Not on a WebSocket, where no object lives as long as a message.
test.each([
  ['a microservice', microservice],
  ['GraphQL', graphql],
])('%s keeps one version within a message, in guards too', async (_, start) => {
  const { client, rotate } = setup();
  let version = 1;
  RotatingGuard.rotate = () => {
    version += 1;
    return rotate('db', `v${version}`);
  };
  const send = await start(client);

  expect([await send('guarded', {}), await send('guarded', {})]).toEqual(['v1 v1', 'v2 v2']);
});

test.each([
  ['a socket', {}],
  ['a GraphQL operation without a context', contextOf('graphql', {}, {}, undefined, undefined)],
  ['a message with a payload only', contextOf('rpc', 'text')],
  ['a context of another library', contextOf('necord', {})],
])('SecretsService.of reads the version in memory for %s', async (_, target) => {
  const { client, rotate } = setup();
  const service = new SecretsService(client);
  await service.of(target).get('db');
  await rotate('db', 'v2');

  expect((await service.of(target).get('db')).versionId).toBe('v2');
});

test.each([
  ['an operation, by its context', () => contextOf('graphql', {}, {}, {}, {})],
  ['a request', () => contextOf('http', {})],
])('SecretsService.of keeps one version of %s', async (_, newContext) => {
  const { client, rotate } = setup();
  const [first, second] = [newContext(), newContext()];
  const service = new SecretsService(client);
  const read = async (target: object): Promise<string> => (await service.of(target).get('db')).versionId;
  const before = await read(first);
  await rotate('db', 'v2');

  expect([before, await read(first), await read(second)]).toEqual(['v1', 'v1', 'v2']);
});

test('SecretsService.of reads the stage of its options', async () => {
  const { client } = setup();
  const request = contextOf('http', {});
  const service = new SecretsService(client);

  const previous = await service.of(request).get('db', { stage: 'ACSPrevious' });

  expect([previous.stages, (await service.of(request).get('db')).stages]).toEqual([['ACSPrevious'], ['ACSCurrent']]);
});

function contextOf(type: string, ...args: unknown[]): ExecutionContext {
  const context = new ExecutionContextHost(args);
  context.setType(type);
  return context;
}

function errorOf(response: Promise<unknown>): Promise<unknown> {
  return response.catch((error: unknown) => error);
}
