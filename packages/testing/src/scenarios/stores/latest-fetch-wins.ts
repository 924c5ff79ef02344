import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const latestFetchWins: Scenario = scenario({
  promise: 'An earlier fetch never replaces a later one',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { stores: store };
  },
  when: async ({ app, kms, clock, store }) => {
    const request = { name: 'db', stage: 'ACSCurrent' };
    await app.read('db');
    await clock.pass('1s');
    const earlier = store.peek(request);
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    await app.refresh('db');
    // An old backup of the store is restored, and a write event claims that it is new.
    store.put(request, earlier);
    store.emit({ kind: 'written', request, fetchedAt: clock.date() + 1 });
    await clock.pass('1s');
    const response = await app.read('db');
    await app.refresh('db');
    await clock.pass(0);
    return { earlier, response, later: store.peek(request) };
  },
  then: ({ earlier, response, later }, expect) => {
    expect(earlier).toMatchObject({ versionId: 'v1' });
    expect(response).toMatchObject({ versionId: 'v2', stale: false });
    expect(later).toMatchObject({ versionId: 'v2' });
  },
});
