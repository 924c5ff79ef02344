import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const revokedSecretRemoved: Scenario = scenario({
  promise: 'A refused secret is removed from every store',
  given: ({ kms, store }) => {
    for (const name of ['denied', 'removed', 'disabled', 'allowed']) kms.put(name, 's3cret-one');
    return { ttl: '1m', stores: store };
  },
  when: async ({ app, kms, clock, store }) => {
    const names = ['denied', 'removed', 'disabled', 'allowed'];
    await Promise.all(names.map((name) => app.read(name)));
    await clock.pass(0);
    const before = store.size;
    kms.deny('denied');
    kms.remove('removed');
    kms.disable('disabled');
    await clock.pass('1m');
    return { before, remaining: names.filter((name) => store.peek({ name, stage: 'ACSCurrent' }) !== undefined) };
  },
  then: ({ before, remaining }, expect) => {
    expect(before).toBe(4);
    expect(remaining).toEqual(['allowed']);
  },
});
