import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const sharedFetch: Scenario = scenario({
  promise: 'Processes that share a store fetch a secret from KMS once',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { stores: store };
  },
  when: async ({ app, kms, clock, store, openClient }) => {
    const others = Array.from({ length: 9 }, () => openClient({ stores: store.join() }));
    const reading = Promise.all([app.read('db'), ...others.map((other) => other.get('db'))]);
    await clock.pass('1s');
    const versions = (await reading).map(({ versionId }) => versionId);
    return { versions: new Set(versions), requests: kms.requests.length };
  },
  then: ({ versions, requests }, expect) => {
    expect(versions).toEqual(new Set(['v1']));
    expect(requests).toBe(1);
  },
});
