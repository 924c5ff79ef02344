import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const optionalSecret: Scenario = scenario({
  promise: 'An optional name does not hold up ready',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    return { preload: ['db', 'missing'], secrets: { missing: { optional: true } } };
  },
  when: ({ app }) => app.ready(),
  then: ({ status }, expect) => expect(status).toBe(200),
});
