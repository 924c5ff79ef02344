import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const throttledEndpoint: Scenario = scenario({
  promise: 'A throttling endpoint is tried last for one second',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (let index = 0; index < 12; index += 1) kms.put(`db-${index}`, 's3cret-one');
    kms.fault({ kind: 'throttle' }, { region: 'cn-hangzhou', times: 1 });
  },
  when: async ({ app, kms, clock }) => {
    for (let index = 0; index < 10; index += 1) await app.read(`db-${index}`);
    await clock.pass('1s');
    await app.read('db-10');
    return kms.requests.map(({ region }) => region);
  },
  then: (regions, expect) =>
    expect(regions).toEqual(['cn-hangzhou', ...Array.from({ length: 10 }, () => 'cn-shanghai'), 'cn-hangzhou']),
});
