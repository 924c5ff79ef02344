import type { FakeFault } from '../../fake-kms/index.ts';
import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const foreign: Readonly<Record<string, FakeFault>> = {
  'forbidden-by-a-proxy': { kind: 'html', status: 403 },
  'unknown-to-a-proxy': { kind: 'html', status: 404 },
  'log-in-first': { kind: 'empty', status: 401 },
  'go-elsewhere': { kind: 'redirect', location: 'https://127.0.0.1/' },
  rubbish: { kind: 'malformed' },
  'no-secret': { kind: 'wrongShape' },
  'another-secret': { kind: 'otherSecret' },
};

export const foreignResponse: Scenario = scenario({
  promise: 'An answer that KMS did not write revokes nothing',
  given: ({ kms }) => {
    for (const [name, fault] of Object.entries(foreign)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      // The first request is that of the first read.
      kms.fault({ kind: 'chunked' }, { secretName: name, times: 1 });
      kms.fault(fault, { secretName: name });
    }
    return { ttl: '1m' };
  },
  when: async ({ app, clock }) => {
    const names = Object.keys(foreign);
    await Promise.all(names.map((name) => app.read(name)));
    await clock.pass('2m');
    const answers = await Promise.all(names.map((name) => app.read(name)));
    return Object.fromEntries(names.map((name, index) => [name, answers[index]]));
  },
  then: (answers, expect) => {
    const stale = { status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') };
    expect(answers).toEqual(Object.fromEntries(Object.keys(foreign).map((name) => [name, stale])));
  },
});
