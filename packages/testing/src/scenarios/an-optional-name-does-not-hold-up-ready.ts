import { scenario } from './form/scenario.ts';
import type { Scenario } from './form/scenario.ts';

export const anOptionalNameDoesNotHoldUpReady: Scenario = scenario({
  promise: 'An optional name does not hold up ready',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    return { preload: ['db', 'missing'], secrets: { missing: { optional: true } } };
  },
  when: ({ app }) => app.ready(),
  then: ({ status }, expect) => expect(status).toBe(200),
});
