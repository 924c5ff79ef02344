import { createServer } from 'node:net';
import type { Server } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { listen } from './listen.ts';

function serverOfTest(): Server {
  const server = createServer();
  onTestFinished(() => void server.close());
  return server;
}

test('a free port is not one that the system gives to outgoing connections', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => listen(serverOfTest(), 0)));

  expect(ports.filter((port) => port < 15_000 || port >= 32_768)).toEqual([]);
  expect(new Set(ports).size).toBe(20);
});

test('skips ports that are in use', async () => {
  const used = await listen(serverOfTest(), 0);
  const choices = [used, used];

  const port = await listen(serverOfTest(), 0, () => choices.pop() ?? 0);

  expect([port === used, choices]).toEqual([false, []]);
});

test('lets the system choose if it finds no free port', async () => {
  const used = await listen(serverOfTest(), 0);

  expect(await listen(serverOfTest(), 0, () => used)).not.toBe(used);
});

test('rejects if the given port is in use', async () => {
  const used = await listen(serverOfTest(), 0);

  await expect(listen(serverOfTest(), used)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
