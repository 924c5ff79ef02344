import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const names = [
  'prod/db',
  '../../etc/passwd',
  'a/../b',
  'rds!main',
  'a+b=c@d',
  'constructor',
  '__proto__',
  'Prod/DB',
  'x'.repeat(192),
];

export const specialNames: Scenario = scenario({
  promise: 'A name is never interpreted, whatever characters it contains',
  given: ({ kms }) => {
    for (const name of names) kms.put(name, `s3cret-${name}`, { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const responses = await Promise.all(names.map((name) => app.read(name)));
    return {
      hashes: responses.map((response) => response.sha256),
      requested: kms.requests.map(({ secretName }) => secretName),
    };
  },
  then: ({ hashes, requested }, expect) => {
    expect(hashes).toEqual(names.map((name) => sha256(`s3cret-${name}`)));
    expect(new Set(requested)).toEqual(new Set(names));
  },
});
