import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const allEndpointsFailed: Scenario = scenario({
  promise: 'A read fails only when every endpoint has failed all its tries',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.fault({ kind: 'html', status: 502 }, { region: 'cn-hangzhou' });
    kms.fault({ kind: 'throttle' }, { region: 'cn-shanghai' });
    return { retry: { maxAttempts: 3 } };
  },
  when: async ({ app, kms, clock }) => {
    const [answer] = await Promise.all([app.read('db'), clock.pass('10s')]);
    return { answer, regions: kms.requests.map(({ region }) => region), health: await app.health() };
  },
  then: ({ answer, regions, health }, expect) => {
    expect(answer).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
    expect(regions).toEqual(Array.from({ length: 3 }, () => ['cn-hangzhou', 'cn-shanghai']).flat());
    expect(health).toEqual({ status: 503, health: 'failing' });
  },
});
