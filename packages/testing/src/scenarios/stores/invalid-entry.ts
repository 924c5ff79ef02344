import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const invalidEntry: Scenario = scenario({
  promise: 'An invalid store entry is never served',
  given: ({ kms, store, clock }) => {
    const valid = {
      versionId: 'v0',
      stages: ['ACSCurrent'],
      type: 'Generic',
      dataType: 'text',
      value: 's3cret-stored',
      fetchedAt: clock.date(),
    };
    const entries = {
      'wrong-name': { ...valid, name: 'another-name' },
      'wrong-stage': { ...valid, name: 'wrong-stage', stages: ['ACSPrevious'] },
      garbage: ['s3cret-garbage'],
      'invalid-date': { ...valid, name: 'invalid-date', fetchedAt: 'today' },
    };
    for (const [name, entry] of Object.entries(entries)) {
      store.put({ name, stage: 'ACSCurrent' }, entry);
      kms.put(name, 's3cret-one', { versionId: 'v1' });
    }
    return { stores: store };
  },
  when: async ({ app, clock, log }) => {
    const names = ['wrong-name', 'wrong-stage', 'garbage', 'invalid-date'];
    const responses = await Promise.all(names.map((name) => app.read(name)));
    await clock.pass('10s'); // the log has the first entry at once, and the number of the others with its next summary
    return {
      versions: responses.map(({ versionId }) => versionId),
      dropped: log.filter((line) => /was dropped|Dropped the entries of 3 more secrets/u.test(line)).length,
    };
  },
  then: ({ versions, dropped }, expect) => {
    expect(versions).toEqual(['v1', 'v1', 'v1', 'v1']);
    expect(dropped).toBe(2);
  },
});
