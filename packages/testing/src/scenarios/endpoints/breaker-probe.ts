import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const breakerProbe: Scenario = scenario({
  promise: 'Whether an endpoint is back is found out beside a read',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (let index = 0; index < 10; index += 1) kms.put(`db-${index}`, 's3cret-one');
    kms.fault({ kind: 'html', status: 502 }, { region: 'cn-hangzhou', times: 5 });
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou', times: 1 });
  },
  when: async ({ app, kms, clock }) => {
    for (let index = 0; index < 5; index += 1) await app.read(`db-${index}`);
    await clock.pass('1s');
    // The probe hangs, and nobody moves the clock: who had to wait for it would wait for ever.
    const beside = await app.read('db-5');
    await clock.pass('6s');
    await app.read('db-6');
    await clock.pass(0);
    await app.read('db-7');
    return { beside, regions: kms.requests.slice(10).map(({ region }) => region) };
  },
  then: ({ beside, regions }, expect) => {
    expect(beside.status).toBe(200);
    // Two probes, each beside an answer of the standby; then it is the first again.
    expect(regions.slice(0, 4).toSorted()).toEqual(['cn-hangzhou', 'cn-hangzhou', 'cn-shanghai', 'cn-shanghai']);
    expect(regions.slice(4)).toEqual(['cn-hangzhou']);
  },
});
