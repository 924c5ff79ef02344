import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const latestFetchWins: Scenario = scenario({
  promise: 'What was fetched earlier never replaces what was fetched later',
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
    // Somebody brings back an old copy of the store, and says that it is news.
    store.put(request, earlier);
    store.emit({ kind: 'written', request, fetchedAt: clock.date() + 1 });
    await clock.pass('1s');
    const answer = await app.read('db');
    await app.refresh('db');
    await clock.pass(0);
    return { earlier, answer, later: store.peek(request) };
  },
  then: ({ earlier, answer, later }, expect) => {
    expect(earlier).toMatchObject({ versionId: 'v1' });
    expect(answer).toMatchObject({ versionId: 'v2', stale: false });
    expect(later).toMatchObject({ versionId: 'v2' });
  },
});
