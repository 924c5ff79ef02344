import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const pendingReads: Scenario = scenario({
  promise: 'close() rejects pending reads and cancels their requests',
  given: ({ kms }) => {
    kms.fault({ kind: 'hang' });
  },
  when: async ({ app, kms, clock, close }) => {
    const reading = Promise.all([app.read('db'), app.read('db'), app.read('other')]);
    await clock.pass('1s');
    await close();
    const responses = await reading;
    await clock.pass(0);
    return { responses, openRequests: kms.openRequests, timers: clock.pendingTimers };
  },
  then: ({ responses, openRequests, timers }, expect) => {
    const closed = { status: 503, code: 'ERR_CLIENT_CLOSED' };
    expect(responses).toEqual([closed, closed, closed]);
    expect(openRequests).toBe(0);
    expect(timers).toBe(0);
  },
});
