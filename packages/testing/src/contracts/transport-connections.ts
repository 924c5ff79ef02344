import { expect } from 'vitest';

import { clause } from './transport-fixture.ts';
import { until } from './until.ts';

/** Reuse, cancellation and closing of connections. */
export const connectionClauses: readonly ReturnType<typeof clause>[] = [
  clause('sequential fetches reuse one connection', async ({ kms, fetch }) => {
    kms.put('db', 's3cret-one');

    await fetch({ name: 'db' });
    await fetch({ name: 'db' });
    await fetch({ name: 'db' });

    expect(new Set(kms.requests.map(({ connectionId }) => connectionId)).size).toBe(1);
    expect(kms.handshakes).toBe(1);
  }),
  clause('an idle connection closed by KMS does not fail the next fetch', async ({ kms, isOverSdk, fetch }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    await fetch({ name: 'db' });
    await kms.stop('cn-hangzhou');
    await kms.start('cn-hangzhou');
    // The close event of the socket takes one or two turns of the event loop.
    await until(() => kms.openRequests === 0);
    await new Promise((resolve) => setImmediate(resolve));

    const fetching = fetch({ name: 'db' });
    // An SDK may still use the closed connection and does not retry; the next attempt succeeds.
    const secret = isOverSdk ? await fetching.catch(() => fetch({ name: 'db' })) : await fetching;
    expect(secret.versionId).toBe('v1');
  }),
  ...(['hang', 'hangMidBody'] as const).map((kind) =>
    clause(
      `an abort ends an attempt ${kind === 'hang' ? 'before' : 'in the middle of'} the response`,
      async ({ kms, isOverSdk, fail }) => {
        kms.put('db', 's3cret-one');
        kms.fault({ kind });
        const controller = new AbortController();
        const failing = fail({ name: 'db' }, controller.signal);
        await until(() => kms.openRequests === 1);

        controller.abort(new Error('aborted by the caller'));
        expect(await settlesSoon(failing), 'the attempt ends when the signal aborts').toBe(true);

        if (!isOverSdk) await until(() => kms.openRequests === 0);
      },
    ),
  ),
  clause('an aborted signal prevents the request', async ({ kms, fail }) => {
    kms.put('db', 's3cret-one');

    await fail({ name: 'db' }, AbortSignal.abort(new Error('aborted by the caller')));

    expect([kms.requests.length, kms.handshakes]).toEqual([0, 0]);
  }),
  clause('an abort after the response has no effect', async ({ kms, fetch }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    const controller = new AbortController();
    await fetch({ name: 'db' }, controller.signal);

    controller.abort(new Error('too late'));

    expect((await fetch({ name: 'db' })).versionId).toBe('v1');
  }),
  clause('an abort does not end other attempts', async ({ kms, fetch, fail }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.put('slow', 's3cret-two');
    kms.fault({ kind: 'hang' }, { secretName: 'slow' });
    const controller = new AbortController();
    const failing = fail({ name: 'slow' }, controller.signal);
    await until(() => kms.openRequests === 1);
    const reading = fetch({ name: 'db' });
    controller.abort(new Error('aborted by the caller'));

    expect((await reading).versionId).toBe('v1');
    await failing;
  }),
  clause('a failed fetch does not fail the next one', async ({ kms, fetch, fail }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    // Without `reset`: on a reused connection it may be a regular close, after which one more request is correct.
    for (const kind of ['truncate', 'malformed', 'wrongShape', 'throttle'] as const) {
      kms.fault({ kind }, { times: 1 });
      await fail();

      expect((await fetch({ name: 'db' })).versionId).toBe('v1');
    }
  }),
  clause('close destroys every socket, including those in use', async ({ kms, isOverSdk, transport, fetch, fail }) => {
    kms.put('db', 's3cret-one');
    const before = openSockets();
    await fetch({ name: 'db' });
    kms.fault({ kind: 'hang' });
    const failing = fail();
    await until(() => kms.openRequests === 1);

    await transport.close();
    await failing;

    if (!isOverSdk) await until(() => kms.openRequests === 0 && openSockets() <= before);
  }),
  clause('a closed transport rejects fetches and can be closed again', async ({ kms, transport, fail }) => {
    kms.put('db', 's3cret-one');
    await transport.close();
    await transport.close();

    await fail();

    expect([kms.requests.length, kms.handshakes]).toEqual([0, 0]);
  }),
];

/**
 * Whether a promise settles within a thousand timers of 1 ms. On a busy machine these take as much longer as everything else
 * does, so the limit ends neither early there nor as late as the transport's own timeout elsewhere.
 */
async function settlesSoon(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  for (let count = 0; count < 1_000; count += 1) {
    const timer = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1));
    if (await Promise.race([settled, timer])) return true;
  }
  return false;
}

/** Open sockets of this process, which owns both ends of each connection. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
