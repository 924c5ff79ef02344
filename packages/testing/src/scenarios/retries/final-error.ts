import type { FakeFault } from '../../fake-kms/index.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const kmsError = (status: number, code: string): FakeFault => ({ kind: 'error', status, code });

const finalErrors: Readonly<Record<string, { readonly fault: FakeFault; readonly code: string }>> = {
  'not-permitted': { fault: kmsError(403, 'Forbidden.NoPermission'), code: 'ERR_ACCESS_DENIED' },
  'in-debt': { fault: kmsError(403, 'Forbidden.InDebt'), code: 'ERR_REQUEST_REJECTED' },
  'not-found': { fault: kmsError(404, 'Forbidden.ResourceNotFound'), code: 'ERR_SECRET_NOT_FOUND' },
  'disabled-key': { fault: kmsError(409, 'Rejected.Disabled'), code: 'ERR_SECRET_DISABLED' },
  'pending-deletion': { fault: kmsError(409, 'Rejected.PendingDeletion'), code: 'ERR_SECRET_DISABLED' },
  'invalid-action': { fault: kmsError(403, 'InvalidAction'), code: 'ERR_REQUEST_REJECTED' },
  'wrong-parameter': { fault: kmsError(400, 'InvalidParameter'), code: 'ERR_REQUEST_REJECTED' },
};

export const finalError: Scenario = scenario({
  promise: 'A final error, such as 403 or 404, is neither retried nor failed over',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (const [name, { fault }] of Object.entries(finalErrors)) {
      kms.put(name, 's3cret-one');
      kms.fault(fault, { secretName: name, region: 'cn-hangzhou' });
    }
  },
  when: async ({ app, kms, clock }) => {
    const names = Object.keys(finalErrors);
    const [responses] = await Promise.all([Promise.all(names.map((name) => app.read(name))), clock.pass('10s')]);
    return names.map((name, index) => ({
      name,
      code: responses[index]?.code,
      regions: kms.requests.filter(({ secretName }) => secretName === name).map(({ region }) => region),
    }));
  },
  then: (results, expect) =>
    expect(results).toEqual(
      Object.entries(finalErrors).map(([name, { code }]) => ({ name, code, regions: ['cn-hangzhou'] })),
    ),
});
