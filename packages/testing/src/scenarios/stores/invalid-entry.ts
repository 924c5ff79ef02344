import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const invalidEntry: Scenario = scenario({
  promise: 'An entry of a store that cannot be trusted is never served',
  given: ({ kms, store, clock }) => {
    const stored = {
      name: 'another-name',
      versionId: 'v0',
      stages: ['ACSCurrent'],
      type: 'Generic',
      dataType: 'text',
      value: 's3cret-stored',
      fetchedAt: clock.date(),
    };
    const entries = {
      'another-name': stored,
      'another-stage': { ...stored, name: 'another-stage', stages: ['ACSPrevious'] },
      garbage: ['s3cret-garbage'],
      'no-date': { ...stored, name: 'no-date', fetchedAt: 'today' },
    };
    store.put({ name: 'exchanged', stage: 'ACSCurrent' }, entries['another-name']);
    for (const name of ['another-stage', 'garbage', 'no-date'] as const) {
      store.put({ name, stage: 'ACSCurrent' }, entries[name]);
      kms.put(name, 's3cret-one', { versionId: 'v1' });
    }
    kms.put('exchanged', 's3cret-one', { versionId: 'v1' });
    return { stores: store };
  },
  when: async ({ app, log }) => {
    const names = ['exchanged', 'another-stage', 'garbage', 'no-date'];
    const answers = await Promise.all(names.map((name) => app.read(name)));
    return {
      versions: answers.map(({ versionId }) => versionId),
      told: log.filter((line) => line.includes('was dropped')).length,
    };
  },
  then: ({ versions, told }, expect) => {
    expect(versions).toEqual(['v1', 'v1', 'v1', 'v1']);
    expect(told).toBe(4);
  },
});
