import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const idleEviction: Scenario = scenario({
  promise: 'A secret that nobody has read for three TTLs is forgotten',
  given: ({ kms }) => {
    kms.put('idle', 's3cret-one');
    kms.put('used', 's3cret-two');
    kms.put('wanted', 's3cret-three');
    return { ttl: '10m', preload: ['wanted'] };
  },
  when: async ({ app, kms, clock }) => {
    await app.ready();
    await app.read('idle');
    for (let time = 0; time < 6; time += 1) {
      await app.read('used');
      await clock.pass('20m');
    }
    const { secrets } = await app.stats();
    const requestsOf = (name: string): number => kms.requests.filter(({ secretName }) => secretName === name).length;
    return { secrets, idle: requestsOf('idle'), used: requestsOf('used'), wanted: requestsOf('wanted') };
  },
  then: ({ secrets, idle, used, wanted }, expect) => {
    expect(secrets).toBe(2);
    expect(idle).toBe(4);
    expect(used).toBeGreaterThan(10);
    expect(wanted).toBeGreaterThan(10);
  },
});
