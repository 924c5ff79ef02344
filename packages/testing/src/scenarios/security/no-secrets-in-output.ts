import type { FakeFault } from '../../fake-kms/index.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const faults: readonly FakeFault[] = [
  { kind: 'throttle' },
  { kind: 'hang' },
  { kind: 'hangMidBody' },
  { kind: 'reset' },
  { kind: 'closeSocket' },
  { kind: 'truncate' },
  { kind: 'html', status: 502 },
  { kind: 'malformed' },
  { kind: 'wrongShape' },
  { kind: 'otherSecret' },
  { kind: 'redirect', location: 'https://127.0.0.1/' },
  { kind: 'error', status: 400, code: 'SignatureDoesNotMatch' },
];

export const noSecretsInOutput: Scenario = scenario({
  promise: 'No value and no credential appears in a response or a log line',
  given: ({ kms }) => {
    for (const name of ['db', 'denied', ...faults.map(({ kind }) => kind)]) kms.put(name, 's3cret-one');
    kms.deny('denied');
    for (const fault of faults) kms.fault(fault, { secretName: fault.kind });
    return { ttl: '1m', retry: { maxAttempts: 1 } };
  },
  when: async ({ app, kms, clock, log }) => {
    const names = ['db', 'denied', '', 'x'.repeat(300), ...faults.map(({ kind }) => kind)];
    const reads = Promise.all(names.flatMap((name) => [app.read(name), app.refresh(name)]));
    await Promise.all([reads, clock.pass('10s')]);
    kms.disableAccessKey(kms.requests.at(-1)?.accessKeyId ?? '');
    await clock.pass('2m');
    await Promise.all([app.read('db'), app.health(), app.stats(), app.ready()]);
    const text = [app.output, ...log].join('\n');
    const { accessKeyId, accessKeySecret } = kms.accessKey;
    return {
      hasOutput: app.output.length > 1_000 && log.length > 0,
      value: text.includes('s3cret-'),
      accessKeyId: text.includes(accessKeyId),
      accessKeySecret: text.includes(accessKeySecret),
      signature: /signature(?:=|%3d|":)|ACS3-HMAC|Bearer /iu.test(text),
    };
  },
  then: (found, expect) =>
    expect(found).toEqual({
      hasOutput: true,
      value: false,
      accessKeyId: false,
      accessKeySecret: false,
      signature: false,
    }),
});
