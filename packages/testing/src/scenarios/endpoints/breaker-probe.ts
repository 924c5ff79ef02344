import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const breakerProbe: Scenario = scenario({
  promise: 'A skipped endpoint is probed in parallel with a read',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (let index = 0; index < 10; index += 1) kms.put(`db-${index}`, 's3cret-one');
    kms.fault({ kind: 'html', status: 502 }, { region: 'cn-hangzhou', times: 5 });
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou', times: 1 });
  },
  when: async ({ app, kms, clock }) => {
    for (let index = 0; index < 5; index += 1) await app.read(`db-${index}`);
    await clock.pass('1s');
    // The probe hangs and the clock stands still: a read that waited for the probe would hang.
    const duringProbe = await app.read('db-5');
    await clock.pass('6s');
    await app.read('db-6');
    await clock.pass(0);
    await app.read('db-7');
    return { duringProbe, regions: kms.requests.slice(10).map(({ region }) => region) };
  },
  then: ({ duringProbe, regions }, expect) => {
    expect(duringProbe.status).toBe(200);
    // Two probes, each in parallel with a request to the fallback; then the primary is used again.
    expect(regions.slice(0, 4).toSorted()).toEqual(['cn-hangzhou', 'cn-hangzhou', 'cn-shanghai', 'cn-shanghai']);
    expect(regions.slice(4)).toEqual(['cn-hangzhou']);
  },
});
