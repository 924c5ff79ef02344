import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const optionalSecret: Scenario = scenario({
  promise: 'ready() resolves without optional secrets',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    return { preload: ['db', 'missing'], secrets: { missing: { optional: true } } };
  },
  when: async ({ app, clock }) => {
    const [response] = await Promise.all([app.ready(), clock.pass('1s')]);
    return response;
  },
  then: ({ status }, expect) => expect(status).toBe(200),
});
