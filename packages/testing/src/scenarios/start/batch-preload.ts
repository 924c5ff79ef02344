import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const names = Array.from({ length: 21 }, (_, index) => `name-${index}`);

export const batchPreload: Scenario = scenario({
  promise: 'Names to preload can be asked for together',
  given: ({ kms }) => {
    for (const name of names) kms.put(name, `s3cret-${name}`, { versionId: 'v1' });
    kms.deny('denied');
    return {
      preload: [...names, 'denied'],
      secrets: { denied: { optional: true } },
    };
  },
  when: async ({ app, kms, clock }) => {
    const ready = app.ready();
    await clock.pass('1s');
    const { status } = await ready;
    const singly = kms.requests.filter(({ action }) => action === 'GetSecretValue').length;
    const together = kms.requests.length - singly;
    const reads = [await app.read('name-0'), await app.read('name-20')];
    const denied = await app.read('denied');
    return { status, together, singly, reads, denied, more: kms.requests.length - singly - together };
  },
  then: ({ status, together, singly, reads, denied, more }, expect) => {
    expect(status).toBe(200);
    // An endpoint that does not know how is asked for each by itself.
    expect([together, singly]).toEqual(together > 0 ? [2, 0] : [0, 22]);
    expect(reads).toMatchObject([{ versionId: 'v1' }, { versionId: 'v1' }]);
    expect(denied).toMatchObject({ status: 503, code: 'ERR_ACCESS_DENIED' });
    expect(more).toBe(0);
  },
});
