import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const idleEviction: Scenario = scenario({
  promise: 'A secret that is unread for three TTLs is evicted',
  given: ({ kms }) => {
    kms.put('idle', 's3cret-one');
    kms.put('used', 's3cret-two');
    kms.put('preloaded', 's3cret-three');
    return { ttl: '10m', preload: ['preloaded'] };
  },
  when: async ({ app, kms, clock }) => {
    await app.ready();
    await app.read('idle');
    for (let round = 0; round < 6; round += 1) {
      await app.read('used');
      await clock.pass('20m');
    }
    const { secrets } = await app.stats();
    const requestsOf = (name: string): number => kms.requests.filter(({ secretName }) => secretName === name).length;
    return { secrets, idle: requestsOf('idle'), used: requestsOf('used'), preloaded: requestsOf('preloaded') };
  },
  then: ({ secrets, idle, used, preloaded }, expect) => {
    expect(secrets).toBe(2);
    expect(idle).toBe(4);
    expect(used).toBeGreaterThan(10);
    expect(preloaded).toBeGreaterThan(10);
  },
});
