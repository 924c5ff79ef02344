import type { FakeFault } from '../fake-kms/index.ts';
import { scenario } from './form/scenario.ts';
import type { Scenario } from './form/scenario.ts';

const passing: Readonly<Record<string, FakeFault>> = {
  throttled: { kind: 'throttle' },
  'throttled-user': { kind: 'error', status: 400, code: 'Throttling.User' },
  'throttled-api': { kind: 'error', status: 400, code: 'Throttling.Api' },
  'too-many-requests': { kind: 'html', status: 429 },
  'unavailable-for-now': { kind: 'error', status: 503, code: 'ServiceUnavailableTemporary' },
  'internal-failure': { kind: 'error', status: 500, code: 'InternalFailure' },
  'unknown-code': { kind: 'error', status: 500, code: 'Forbidden.Whatever' },
  'bad-gateway': { kind: 'html', status: 502 },
  'no-body': { kind: 'empty', status: 504 },
  reset: { kind: 'reset' },
  'closed-without-a-word': { kind: 'closeSocket' },
  'cut-short': { kind: 'cutShort' },
};

export const passingTroubleIsTriedAgain: Scenario = scenario({
  promise: 'Passing trouble is tried again',
  given: ({ kms }) => {
    for (const [name, fault] of Object.entries(passing)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      kms.fault(fault, { secretName: name, times: 1 });
    }
  },
  when: async ({ app, kms, clock }) => {
    const names = Object.keys(passing);
    const [answers] = await Promise.all([Promise.all(names.map((name) => app.read(name))), clock.pass('1s')]);
    return names.map((name, index) => ({
      name,
      status: answers[index]?.status,
      requests: kms.requests.filter(({ secretName }) => secretName === name).length,
    }));
  },
  then: (seen, expect) =>
    expect(seen).toEqual(Object.keys(passing).map((name) => ({ name, status: 200, requests: 2 }))),
});
