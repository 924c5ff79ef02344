import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const allEndpointsFailed: Scenario = scenario({
  promise: 'A read fails only after every endpoint has used all its attempts',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.fault({ kind: 'html', status: 502 }, { region: 'cn-hangzhou' });
    kms.fault({ kind: 'throttle' }, { region: 'cn-shanghai' });
    return { retry: { maxAttempts: 3 } };
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('10s')]);
    return { response, regions: kms.requests.map(({ region }) => region), health: await app.health() };
  },
  then: ({ response, regions, health }, expect) => {
    expect(response).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
    expect(regions).toEqual(Array.from({ length: 3 }, () => ['cn-hangzhou', 'cn-shanghai']).flat());
    expect(health).toEqual({ status: 503, health: 'failing' });
  },
});
