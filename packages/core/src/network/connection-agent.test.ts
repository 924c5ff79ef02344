import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeClock, startFakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ConnectionAgent } from './connection-agent.ts';
import { NameResolver } from './name-resolver.ts';
import { sendRequest } from './send-request.ts';
import type { RequestOutcome } from './send-request.ts';

const connectTimeout = 2_000;

class CountingAgent extends ConnectionAgent {
  skipped = 0;

  override skipAddress(): void {
    this.skipped += 1;
    super.skipAddress();
  }
}

/** An agent whose resolver knows `addresses`, or never responds. */
function setUp({ addresses, ca }: { readonly addresses?: readonly string[]; readonly ca?: string } = {}) {
  const clock = new FakeClock();
  const names: string[] = [];
  const resolver = new NameResolver({
    lookup(name) {
      names.push(name);
      if (addresses === undefined) return new Promise(() => {});
      return Promise.resolve(addresses.map((address) => ({ address, family: 4 })));
    },
    query: () => Promise.reject(new Error('ENOTFOUND')),
  });
  const agent = new CountingAgent({ clock, connectTimeout, resolver, ca });
  onTestFinished(() => agent.destroy());
  const send = (hostname: string, port: number): Promise<RequestOutcome> =>
    sendRequest(
      { agent, host: { hostname, port }, clock, connectTimeout, maxResponseBytes: 1_000 },
      { path: '/', headers: { host: hostname, 'content-length': '0' } },
      { isCancelled: false, cancel: undefined },
    );
  return { clock, agent, names, send };
}

test('connects to an address that the resolver returns', async () => {
  await using kms = await startFakeKms();
  const { agent, names, send } = setUp({ addresses: ['127.0.0.1'], ca: kms.caPem });

  const outcome = await send('localhost', kms.endpoints[0]?.port ?? 0);

  expect(outcome.kind).toBe('response');
  expect(names).toEqual(['localhost']);
  expect(agent.skipped).toBe(0);
});

test('skips an address after a failed connection', async () => {
  const { agent, send } = setUp({ addresses: ['127.0.0.1'] });

  const outcome = await send('localhost', 1);

  expect(outcome).toMatchObject({ kind: 'error', error: { code: 'ECONNREFUSED' } });
  expect(agent.skipped).toBe(1);
});

test('distinguishes a name that is not resolved from a host that does not respond', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo; // it listens on TCP
  const unresolved = setUp();
  const unresponsive = setUp({ addresses: ['127.0.0.1'] });
  const outcomes = [unresolved.send('localhost', port), unresponsive.send('localhost', port)];
  await nextTurn();

  await unresolved.clock.pass(connectTimeout);
  await unresponsive.clock.pass(connectTimeout);

  expect(await Promise.all(outcomes)).toEqual([
    { kind: 'connectTimeout', timeout: connectTimeout, isUnresolved: true },
    { kind: 'connectTimeout', timeout: connectTimeout, isUnresolved: false },
  ]);
});
