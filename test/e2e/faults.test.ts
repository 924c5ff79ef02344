import type { CertificateFault, FakeFault } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { faults } from '../load/fault-list.mjs';
import { names, openStage, runFault } from '../load/fault-run.mjs';
import type { Configuration, FaultRun } from '../load/fault-run.mjs';

const alone: Configuration = { endpoints: 1, struck: 'all', stores: 'none' };
const withStandby: Configuration = { endpoints: 2, struck: 'first', stores: 'none' };
const allOfThree: Configuration = { endpoints: 3, struck: 'all', stores: 'file' };
/** Two dozen of them at a time: thousands of reads a second in all. */
const load = { ms: 2_000, rate: 200 };
const passing = faults.filter(({ kind }) => kind !== 'refused');

/** Beside one another: each has a KMS and a client of its own, and what counts is counted, not timed. */
async function runAll(choices: readonly Omit<Parameters<typeof runFault>[1], 'ms' | 'rate'>[]): Promise<FaultRun[]> {
  const stage = await openStage({ timeout: 60_000 });
  onTestFinished(() => stage.close());
  return Promise.all(choices.map((choice) => runFault(stage, { ...load, ...choice })));
}

const about = ({ fault, configuration: { endpoints, struck } }: FaultRun): string =>
  `${fault}, at ${struck} of ${endpoints}`;

/** In two seconds each secret comes due three times, and each endpoint is tried five times for it: it never depends on the reads. */
const mostRequests = ({ configuration: { endpoints } }: FaultRun): number => 3 * 5 * names.length * endpoints;

/** A fault that the fake learns does not compile without its line here. */
const scripted: Record<Exclude<FakeFault['kind'], 'certificate'> | CertificateFault, true> = {
  chunked: true,
  closeSocket: true,
  connectionClose: true,
  drip: true,
  empty: true,
  error: true,
  expired: true,
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

test('every fault that the fake can script is in the list', () => {
  const steps = faults.flatMap(({ strike }) => strike({ regions: ['cn-hangzhou'], names: ['db'] }));
  const planted = steps.flatMap(([method, fault]) => (method === 'fault' ? [fault as FakeFault] : []));

  const kinds = new Set(planted.map((fault) => (fault.kind === 'certificate' ? fault.of : fault.kind)));

  expect([...kinds].toSorted()).toEqual(Object.keys(scripted));
});

test('whatever KMS or the way to it suffers, no read of a secret in memory fails, and KMS is not run down', async () => {
  // In turn, for every fault in every configuration is what `pnpm faults` takes its minutes for.
  const runs = await runAll(
    passing.map((fault, index) => ({ fault, configuration: index % 2 === 0 ? alone : allOfThree })),
  );

  expect(runs.filter(({ figures }) => figures.failed > 0).map(about)).toEqual([]);
  expect(runs.filter(({ figures }) => figures.reads < load.rate).map(about)).toEqual([]);
  expect(runs.filter((run) => run.requests > mostRequests(run)).map(about)).toEqual([]);
});

test('while the first endpoint fails, the next one has the secrets: for who holds them, and for who starts', async () => {
  const runs = await runAll(passing.map((fault) => ({ fault, configuration: withStandby, restartDeadline: '30s' })));

  // Where a certificate is wrong nobody else is asked, unless even the handshake takes too long: that promise has its scenario.
  const untrusted = new Set(passing.filter(({ kind }) => kind === 'untrusted').map(({ name }) => name));
  const withoutSecrets = runs.filter(({ restart }) => restart?.counts['fresh'] !== names.length);
  expect(runs.filter(({ figures }) => figures.failed > 0).map(about)).toEqual([]);
  expect(runs.filter((run) => run.requests > mostRequests(run)).map(about)).toEqual([]);
  expect(withoutSecrets.filter(({ fault }) => !untrusted.has(fault)).map(about)).toEqual([]);
});

test('what KMS refuses is refused to every reader, by its own code, and asked for once', async () => {
  const refusals = faults.filter(({ kind }) => kind === 'refused');
  const runs = await runAll(
    refusals.flatMap((fault) => [alone, allOfThree].map((configuration) => ({ fault, configuration }))),
  );

  const codes = new Map(refusals.map(({ name, code }) => [name, code]));
  expect(runs.map(({ fault, figures }) => [fault, Object.keys(figures.codes)])).toEqual(
    runs.map(({ fault }) => [fault, [codes.get(fault)]]),
  );
  expect(runs.filter(({ requests }) => requests > names.length).map(about)).toEqual([]);
});
