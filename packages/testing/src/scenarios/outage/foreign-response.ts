import type { FakeFault } from '../../fake-kms/index.ts';
import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const foreign: Readonly<Record<string, FakeFault>> = {
  'proxy-403': { kind: 'html', status: 403 },
  'proxy-404': { kind: 'html', status: 404 },
  'proxy-401': { kind: 'empty', status: 401 },
  redirect: { kind: 'redirect', location: 'https://127.0.0.1/' },
  rubbish: { kind: 'malformed' },
  'no-secret': { kind: 'wrongShape' },
  'another-secret': { kind: 'otherSecret' },
};

export const foreignResponse: Scenario = scenario({
  promise: 'A response that KMS did not write evicts no value',
  given: ({ kms }) => {
    for (const [name, fault] of Object.entries(foreign)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      // The first read succeeds: `chunked` is a valid response.
      kms.fault({ kind: 'chunked' }, { secretName: name, times: 1 });
      kms.fault(fault, { secretName: name });
    }
    return { ttl: '1m' };
  },
  when: async ({ app, clock }) => {
    const names = Object.keys(foreign);
    await Promise.all(names.map((name) => app.read(name)));
    await clock.pass('2m');
    const responses = await Promise.all(names.map((name) => app.read(name)));
    return Object.fromEntries(names.map((name, index) => [name, responses[index]]));
  },
  then: (responses, expect) => {
    const stale = { status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') };
    expect(responses).toEqual(Object.fromEntries(Object.keys(foreign).map((name) => [name, stale])));
  },
});
