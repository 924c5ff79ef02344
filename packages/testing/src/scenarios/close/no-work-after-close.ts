import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const noWorkAfterClose: Scenario = scenario({
  promise: 'After close() there are no requests and no timers',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock, close }) => {
    await app.read('db');
    await close();
    const timers = clock.pendingTimers;
    await clock.pass('1h');
    const read = await app.read('db');
    return { timers, read, requests: kms.requests.length };
  },
  then: ({ timers, read, requests }, expect) => {
    expect(timers).toBe(0);
    expect(read).toEqual({ status: 503, code: 'ERR_CLIENT_CLOSED' });
    expect(requests).toBe(1);
  },
});
