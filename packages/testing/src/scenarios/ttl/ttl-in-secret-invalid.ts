import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const values = [
  's3cret-no-json',
  '"s3cret-a-text"',
  '[30000]',
  'null',
  '{"ttl":0}',
  '{"ttl":-1}',
  '{"ttl":"30000"}',
  '{"ttl":null}',
  '{"ttl":1e999}',
  '{"inner":{"ttl":30000}}',
];

export const ttlInSecretInvalid: Scenario = scenario({
  promise: 'A TTL inside the secret is ignored unless it is a number above zero',
  given: ({ kms }) => {
    for (const [index, value] of values.entries()) kms.put(`db-${index}`, value);
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    const names = values.map((_, index) => `db-${index}`);
    await Promise.all(names.map((name) => app.read(name)));
    await clock.pass('53s');
    const before = kms.requests.length;
    await clock.pass('7s');
    return { before, after: kms.requests.length };
  },
  then: (requests, expect) => expect(requests).toEqual({ before: values.length, after: 2 * values.length }),
});
