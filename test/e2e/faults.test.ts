import type { CertificateFault, FakeFault } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { faults } from '../load/fault-list.mjs';
import { names, openFixture, runFault } from '../load/fault-run.mjs';
import type { Configuration, FaultRun } from '../load/fault-run.mjs';

const oneEndpoint: Configuration = { endpoints: 1, faultAt: 'all', stores: 'none' };
const primaryOfTwo: Configuration = { endpoints: 2, faultAt: 'primary', stores: 'none' };
const allOfThree: Configuration = { endpoints: 3, faultAt: 'all', stores: 'file' };
/** About two dozen runs are concurrent: thousands of reads a second in total. */
const load = { ms: 2_000, rate: 200 };
const faultsWithoutRefusals = faults.filter(({ kind }) => kind !== 'refused');

/** Runs concurrently: each run has its own KMS and client, and the tests assert counts, never durations. */
async function runAll(options: readonly Omit<Parameters<typeof runFault>[1], 'ms' | 'rate'>[]): Promise<FaultRun[]> {
  const fixture = await openFixture({ timeout: 60_000 });
  onTestFinished(() => fixture.close());
  return Promise.all(options.map((each) => runFault(fixture, { ...load, ...each })));
}

const describeRun = ({ fault, configuration: { endpoints, faultAt } }: FaultRun): string =>
  `${fault}, at ${faultAt} of ${endpoints}`;

/** In two seconds each secret is due three times, with up to five attempts per endpoint. The number of reads has no effect. */
const maxRequests = ({ configuration: { endpoints } }: FaultRun): number => 3 * 5 * names.length * endpoints;

/** A fault that is added to the fake KMS does not compile without an entry here. */
const allKinds: Record<Exclude<FakeFault['kind'], 'certificate'> | CertificateFault, true> = {
  chunked: true,
  closeSocket: true,
  connectionClose: true,
  drip: true,
  empty: true,
  error: true,
  expired: true,
  firewall: true,
  hang: true,
  hangMidBody: true,
  html: true,
  leafOnly: true,
  malformed: true,
  otherCa: true,
  otherSecret: true,
  oversized: true,
  redirect: true,
  reset: true,
  selfSigned: true,
  slow: true,
  throttle: true,
  truncate: true,
  wrongName: true,
  wrongShape: true,
};

test('the list contains every fault that the fake KMS can inject', () => {
  const steps = faults.flatMap((fault) => fault.steps({ regions: ['cn-hangzhou'], names: ['db'] }));
  const injected = steps.flatMap(([method, fault]) => (method === 'fault' ? [fault as FakeFault] : []));

  const kinds = new Set(injected.map((fault) => (fault.kind === 'certificate' ? fault.of : fault.kind)));

  expect([...kinds].toSorted()).toEqual(Object.keys(allKinds));
});

test('a fault fails no read of a cached secret and does not flood KMS', async () => {
  // Configurations alternate. `pnpm faults` runs every fault in every configuration, which takes minutes.
  const runs = await runAll(
    faultsWithoutRefusals.map((fault, index) => ({
      fault,
      configuration: index % 2 === 0 ? oneEndpoint : allOfThree,
    })),
  );

  expect(runs.filter(({ figures }) => figures.failed > 0).map(describeRun)).toEqual([]);
  expect(runs.filter(({ figures }) => figures.reads < load.rate).map(describeRun)).toEqual([]);
  expect(runs.filter((run) => run.requests > maxRequests(run)).map(describeRun)).toEqual([]);
});

test('running and starting processes fail over while the primary fails', async () => {
  const runs = await runAll(
    faultsWithoutRefusals.map((fault) => ({ fault, configuration: primaryOfTwo, coldStartDeadline: '30s' })),
  );

  // No failover after an untrusted certificate, unless the handshake itself times out. A conformance scenario covers that.
  const untrusted = new Set(faultsWithoutRefusals.filter(({ kind }) => kind === 'untrusted').map(({ name }) => name));
  const withoutSecrets = runs.filter(({ coldStart }) => coldStart?.counts['fresh'] !== names.length);
  expect(runs.filter(({ figures }) => figures.failed > 0).map(describeRun)).toEqual([]);
  expect(runs.filter((run) => run.requests > maxRequests(run)).map(describeRun)).toEqual([]);
  expect(withoutSecrets.filter(({ fault }) => !untrusted.has(fault)).map(describeRun)).toEqual([]);
});

test('every reader gets the error code of a refusal, after one request', async () => {
  const refusals = faults.filter(({ kind }) => kind === 'refused');
  const runs = await runAll(
    refusals.flatMap((fault) => [oneEndpoint, allOfThree].map((configuration) => ({ fault, configuration }))),
  );

  const codes = new Map(refusals.map(({ name, code }) => [name, code]));
  expect(runs.map(({ fault, figures }) => [fault, Object.keys(figures.codes)])).toEqual(
    runs.map(({ fault }) => [fault, [codes.get(fault)]]),
  );
  expect(runs.filter(({ requests }) => requests > names.length).map(describeRun)).toEqual([]);
});
