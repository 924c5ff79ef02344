import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const pendingReads: Scenario = scenario({
  promise: 'Reads under way end when the client is closed',
  given: ({ kms }) => {
    kms.fault({ kind: 'hang' });
  },
  when: async ({ app, kms, clock, close }) => {
    const reading = Promise.all([app.read('db'), app.read('db'), app.read('other')]);
    await clock.pass('1s');
    await close();
    const answers = await reading;
    await clock.pass(0);
    return { answers, openRequests: kms.openRequests, timers: clock.pendingTimers };
  },
  then: ({ answers, openRequests, timers }, expect) => {
    const closed = { status: 503, code: 'ERR_CLIENT_CLOSED' };
    expect(answers).toEqual([closed, closed, closed]);
    expect(openRequests).toBe(0);
    expect(timers).toBe(0);
  },
});
