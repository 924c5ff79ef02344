import { expect } from 'vitest';

import { clause } from './transport-stage.ts';
import { until } from './until.ts';

/** How connections are kept, left and given back. */
export const connectionClauses: readonly ReturnType<typeof clause>[] = [
  clause('fetches after one another share a connection', async ({ kms, fetch }) => {
    kms.put('db', 's3cret-one');

    await fetch({ name: 'db' });
    await fetch({ name: 'db' });
    await fetch({ name: 'db' });

    expect(new Set(kms.requests.map(({ connectionId }) => connectionId)).size).toBe(1);
    expect(kms.handshakes).toBe(1);
  }),
  clause('a connection that KMS has closed meanwhile fails no fetch', async ({ kms, isOverSdk, fetch }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    await fetch({ name: 'db' });
    await kms.stop('cn-hangzhou');
    await kms.start('cn-hangzhou');
    // Until the news has come, a connection is as good as open: it takes a turn of the event loop or two.
    await until(() => kms.openRequests === 0);
    await new Promise((resolve) => setImmediate(resolve));

    const fetching = fetch({ name: 'db' });
    // An SDK that has not heard of it yet does not ask anew by itself; the next try does.
    const secret = isOverSdk ? await fetching.catch(() => fetch({ name: 'db' })) : await fetching;
    expect(secret.versionId).toBe('v1');
  }),
  ...(['hang', 'hangMidBody'] as const).map((kind) =>
    clause(
      `an abort ends an attempt at once, also one whose answer ${kind === 'hang' ? 'does not come' : 'stops half-way'}`,
      async ({ kms, isOverSdk, fail }) => {
        kms.put('db', 's3cret-one');
        kms.fault({ kind });
        const controller = new AbortController();
        const failing = fail({ name: 'db' }, controller.signal);
        await until(() => kms.openRequests === 1);

        const aborted = performance.now();
        controller.abort(new Error('The caller has had enough.'));
        await failing;

        // Not a measure of speed: a transport that does not hear the signal goes on until its own timeout.
        expect(performance.now() - aborted).toBeLessThan(2_000);
        if (!isOverSdk) await until(() => kms.openRequests === 0);
      },
    ),
  ),
  clause('an abort before the attempt means that nothing is asked', async ({ kms, fail }) => {
    kms.put('db', 's3cret-one');

    await fail({ name: 'db' }, AbortSignal.abort(new Error('The caller has had enough.')));

    expect([kms.requests.length, kms.handshakes]).toEqual([0, 0]);
  }),
  clause('an abort after the answer harms nobody', async ({ kms, fetch }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    const controller = new AbortController();
    await fetch({ name: 'db' }, controller.signal);

    controller.abort(new Error('Too late.'));

    expect((await fetch({ name: 'db' })).versionId).toBe('v1');
  }),
  clause('an attempt that was aborted leaves no other with it', async ({ kms, fetch, fail }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.put('slow', 's3cret-two');
    kms.fault({ kind: 'hang' }, { secretName: 'slow' });
    const controller = new AbortController();
    const failing = fail({ name: 'slow' }, controller.signal);
    await until(() => kms.openRequests === 1);
    const reading = fetch({ name: 'db' });
    controller.abort(new Error('The caller has had enough.'));

    expect((await reading).versionId).toBe('v1');
    await failing;
  }),
  clause('a failure is no reason to fail the next fetch', async ({ kms, fetch, fail }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    // Not a reset: on a kept connection that may be its regular end, and then asking once more is right.
    for (const kind of ['truncate', 'malformed', 'wrongShape', 'throttle'] as const) {
      kms.fault({ kind }, { times: 1 });
      await fail();

      expect((await fetch({ name: 'db' })).versionId).toBe('v1');
    }
  }),
  clause('close gives back every socket, also those in use', async ({ kms, isOverSdk, transport, fetch, fail }) => {
    kms.put('db', 's3cret-one');
    const before = sockets();
    await fetch({ name: 'db' });
    kms.fault({ kind: 'hang' });
    const failing = fail();
    await until(() => kms.openRequests === 1);

    await transport.close();
    await failing;

    if (!isOverSdk) await until(() => kms.openRequests === 0 && sockets() <= before);
  }),
  clause('after close a fetch is refused, and closing again is no error', async ({ kms, transport, fail }) => {
    kms.put('db', 's3cret-one');
    await transport.close();
    await transport.close();

    await fail();

    expect([kms.requests.length, kms.handshakes]).toEqual([0, 0]);
  }),
];

/** Of this process, the fake's own included: both ends of a connection live here. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
