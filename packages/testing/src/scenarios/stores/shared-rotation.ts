import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const sharedRotation: Scenario = scenario({
  promise: 'A rotation is fetched once for all processes that share a store',
  random: spread(),
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { stores: store, ttl: '10m' };
  },
  when: async ({ app, kms, clock, store, openClient }) => {
    const others = Array.from({ length: 9 }, () => openClient({ stores: store.join(), ttl: '10m' }));
    const reading = Promise.all([app.read('db'), ...others.map((other) => other.get('db'))]);
    await clock.pass('1s');
    await reading;
    const requests = kms.requests.length;
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    await clock.pass('10m');
    const versions = [await app.read('db'), ...others.map((other) => other.peek('db'))].map(
      (secret) => secret?.versionId,
    );
    return { versions: new Set(versions), requests: kms.requests.length - requests };
  },
  then: ({ versions, requests }, expect) => {
    expect(versions).toEqual(new Set(['v2']));
    expect(requests).toBe(1);
  },
});

/** A low-discrepancy sequence: each draw is far from the ones before it. */
function spread(): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return (drawn * 0.618_034) % 1;
  };
}
