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

export const passingTroubleMovesAReadToTheNextEndpointAtOnce: Scenario = scenario({
  promise: 'Passing trouble moves a read to the next endpoint at once',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (const [name, fault] of Object.entries(passing)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      kms.fault(fault, { secretName: name, region: 'cn-hangzhou' });
    }
    kms.put('refused', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const answers: Record<string, number> = {};
    for (const name of Object.keys(passing)) answers[name] = (await app.read(name)).status;
    await kms.stop('cn-hangzhou');
    answers['refused'] = (await app.read('refused')).status;
    return answers;
  },
  // Nobody moves the clock: the next endpoint is asked without a wait.
  then: (answers, expect) =>
    expect(answers).toEqual(Object.fromEntries([...Object.keys(passing), 'refused'].map((name) => [name, 200]))),
});
