import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const disabledAccessKey: Scenario = scenario({
  promise: 'A disabled access key is reported once, and cached values are served as stale',
  given: ({ kms }) => {
    for (const name of ['db', 'token']) kms.put(name, 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock, log }) => {
    await Promise.all([app.read('db'), app.read('token')]);
    kms.disableAccessKey(kms.requests.at(-1)?.accessKeyId ?? ''); // the key that the client uses
    await clock.pass('2m');
    const responses = await Promise.all([app.read('db'), app.read('token')]);
    return { responses, errors: log.filter((line) => line.startsWith('error ')) };
  },
  then: ({ responses, errors }, expect) => {
    const stale = { status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') };
    expect(responses).toEqual([stale, stale]);
    expect(errors).toEqual([expect.stringContaining('error The identity of this client is rejected: ')]);
  },
});
