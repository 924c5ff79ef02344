import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const maxEntries: Scenario = scenario({
  promise: 'Beyond maxEntries, the least recently read secrets are evicted',
  given: ({ kms }) => {
    for (const name of ['one', 'two', 'three']) kms.put(name, `s3cret-${name}`);
    return { limits: { maxEntries: 2 } };
  },
  when: async ({ app, kms, clock }) => {
    for (const name of ['one', 'two', 'one', 'three']) {
      await app.read(name);
      await clock.pass('1s');
    }
    const requests = kms.requests.length;
    await app.read('one');
    const requestsOfOne = kms.requests.length - requests;
    await app.read('two');
    return { requests, requestsOfOne, requestsOfTwo: kms.requests.length - requests - requestsOfOne };
  },
  then: (requestCounts, expect) => {
    expect(requestCounts).toEqual({ requests: 3, requestsOfOne: 0, requestsOfTwo: 1 });
  },
});
