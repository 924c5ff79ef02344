import type { FakeFault } from '../../fake-kms/index.ts';
import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const faults: Readonly<Record<string, FakeFault>> = {
  'timed-out': { kind: 'hang' },
  'timed-out-inside': { kind: 'hangMidBody' },
  reset: { kind: 'reset' },
  truncated: { kind: 'truncate' },
  throttled: { kind: 'throttle' },
  'internal-failure': { kind: 'error', status: 500, code: 'InternalFailure' },
  'bad-gateway': { kind: 'html', status: 502 },
  unavailable: { kind: 'empty', status: 503 },
};

export const staleValue: Scenario = scenario({
  promise: 'While KMS is unavailable, the stale value is served immediately',
  given: ({ kms }) => {
    for (const name of ['connection-refused', ...Object.keys(faults)]) kms.put(name, 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m', retry: { maxAttempts: 2 } };
  },
  when: async ({ app, kms, clock }) => {
    const names = Object.keys(faults);
    await Promise.all([...names, 'connection-refused'].map((name) => app.read(name)));
    for (const [name, fault] of Object.entries(faults)) kms.fault(fault, { secretName: name });
    await clock.pass('75s');
    const responses = await Promise.all(names.map((name) => app.read(name)));
    await kms.stop('cn-hangzhou');
    await clock.pass('75s');
    return {
      ...Object.fromEntries(names.map((name, index) => [name, responses[index]])),
      'connection-refused': await app.read('connection-refused'),
    };
  },
  then: (responses, expect) => {
    const stale = { status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') };
    expect(responses).toEqual(
      Object.fromEntries([...Object.keys(faults), 'connection-refused'].map((name) => [name, stale])),
    );
  },
});
