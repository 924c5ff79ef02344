import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import Koa3 from 'koa';
// @ts-expect-error -- Koa 2 under another name has no types of its own
import untyped from 'koa2';

/** The parts used in the tests are the same in both. */
export const versions: readonly [string, typeof Koa3][] = [
  ['Koa 3', Koa3],
  ['Koa 2', untyped as typeof Koa3],
];

export function setup(...names: string[]): { kms: FakeTransport; client: SecretClient; rotate: () => Promise<void> } {
  const kms = new FakeTransport();
  const client = createSecretClient({ endpoints: [kms] });
  let version = 0;
  const put = (): void => {
    version += 1;
    for (const name of names) kms.put(name, `v${version}`);
  };
  put();
  const rotate = async (): Promise<void> => {
    put();
    await Promise.all(names.map((name) => client.refresh(name)));
  };
  return { kms, client, rotate };
}

/** Serves the app on loopback while `use` runs. */
export async function serving<Result>(
  app: { callback(): RequestListener },
  use: (get: (path: string) => Promise<Response>) => Promise<Result>,
): Promise<Result> {
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  try {
    return await use((path) => fetch(`http://127.0.0.1:${port}${path}`));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Requests the paths one after the other; resolves to the response bodies. */
export function bodiesOf(
  app: { callback(): RequestListener },
  ...paths: readonly string[]
): Promise<readonly unknown[]> {
  return serving(app, async (get) => {
    const bodies: unknown[] = [];
    for (const path of paths) bodies.push(await (await get(path)).json());
    return bodies;
  });
}
