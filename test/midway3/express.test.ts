import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as secrets from '@kms-secrets/midway';
import { fixedSecrets } from '@kms-secrets/testing';
import type { FixedSecretClient } from '@kms-secrets/testing';
import { App, Configuration, Controller, Get, Inject } from '@midwayjs/core';
import * as express from '@midwayjs/express';
import type { Application, Context, Framework } from '@midwayjs/express';
import { close, createApp } from '@midwayjs/mock';
import { expect, onTestFinished, test } from 'vitest';

// Midway 4 has no @midwayjs/express.

@Controller('/')
class ReadController {
  @Inject() readonly ctx!: Context & { readonly secrets: secrets.SecretSnapshot };
  @secrets.InjectSecretClient() readonly client!: FixedSecretClient;

  /** Reads twice, with a rotation in between. */
  @Get('/twice')
  async twice(): Promise<object> {
    const first = this.ctx.secrets.text('db');
    await this.client.rotate('db', 's3cret-two');
    return { isSame: first === this.ctx.secrets.text('db'), isRotated: this.client.peek('db')?.text() !== first };
  }

  @Get('/denied')
  async denied(): Promise<void> {
    await this.ctx.secrets.get('denied');
  }
}

@Configuration({ imports: [express, secrets] })
class Main {
  @App('express') readonly app!: Application;

  async onReady(): Promise<void> {
    this.app.useFilter([secrets.SecretErrorsFilter]);
  }
}

async function start(): Promise<string> {
  const client = fixedSecrets({ db: 's3cret-one', denied: 's3cret-denied' });
  const app = await createApp<Framework>(process.cwd(), {
    imports: [{ Main, ReadController }],
    moduleLoadType: 'commonjs',
    globalConfig: {
      keys: 'for-tests',
      kmsSecrets: { client, preload: ['db'] },
      midwayLogger: { default: { transports: { console: false, file: false, error: false } } },
    },
  });
  await client.deny('denied');
  const server = createServer(app as unknown as RequestListener).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.close();
    await close(app, { sleep: 1 });
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  return `http://127.0.0.1:${port}`;
}

test('the request of Express keeps one version of a secret', async () => {
  const response = await fetch(`${await start()}/twice`, { headers: { connection: 'close' } });

  expect(await response.json()).toEqual({ isSame: true, isRotated: true });
});

test('the error filter responds with a status and a code alone', async () => {
  const response = await fetch(`${await start()}/denied`, { headers: { connection: 'close' } });

  expect([response.status, response.headers.get('cache-control'), await response.json()]).toEqual([
    503,
    'no-store',
    { code: 'ERR_ACCESS_DENIED' },
  ]);
});
