import { FakeClock } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { BreakerSettings, BreakerState } from './circuit-breaker.ts';

const defaults: BreakerSettings = {
  failures: 3,
  failureRate: 0.5,
  minCalls: 10,
  window: 10_000,
  openTime: 1_000,
  maxOpenTime: 5_000,
};

function createBreaker(settings: Partial<BreakerSettings> = {}): {
  readonly breaker: CircuitBreaker;
  readonly clock: FakeClock;
  readonly changes: string[];
} {
  const clock = new FakeClock({ random: () => 0 });
  const changes: string[] = [];
  const onChange = ({ kind }: { readonly kind: string }): void => void changes.push(kind);
  return { clock, changes, breaker: new CircuitBreaker({ clock, settings: { ...defaults, ...settings }, onChange }) };
}

function failTimes(breaker: CircuitBreaker, times: number): void {
  for (let count = 0; count < times; count += 1) breaker.failed();
}

test('opens after consecutive failures', () => {
  const { breaker } = createBreaker();

  failTimes(breaker, 2);
  expect(breaker.state.kind).toBe('closed');
  breaker.failed();

  expect(breaker.state.kind).toBe('open');
});

test('a success resets the count', () => {
  const { breaker } = createBreaker();

  failTimes(breaker, 2);
  breaker.succeeded();
  failTimes(breaker, 2);

  expect(breaker.state.kind).toBe('closed');
});

test('opens at the failure rate without consecutive failures', () => {
  const { breaker } = createBreaker({ failures: 100 });

  for (let count = 0; count < 5; count += 1) {
    breaker.succeeded();
    expect(breaker.state.kind).toBe('closed');
    breaker.failed();
  }

  expect(breaker.state.kind).toBe('open');
});

test('ignores the failure rate of few or old calls', async () => {
  const { breaker, clock } = createBreaker({ failures: 100 });

  failTimes(breaker, 9);
  await clock.pass('1m');
  breaker.failed();

  expect(breaker.state.kind).toBe('closed');
});

test('consecutive slow responses open it', () => {
  const { breaker } = createBreaker();

  for (let count = 0; count < 3; count += 1) breaker.tooSlow();

  expect(breaker.state.kind).toBe('open');
});

test('a probe is due when the open time is over', async () => {
  const { breaker, clock } = createBreaker();
  failTimes(breaker, 3);

  await clock.pass(499); // at least half of the open time; `random` returns 0 here
  expect(breaker.isProbeDue).toBe(false);
  await clock.pass(1);

  expect(breaker.isProbeDue).toBe(true);
});

test('allows one probe at a time', async () => {
  const { breaker, clock } = createBreaker();
  failTimes(breaker, 3);
  await clock.pass('1m');

  breaker.startProbe();

  expect(breaker.isProbeDue).toBe(false);
  expect(breaker.state.kind).toBe('half-open');
});

test('doubles the open time after a failed probe, up to the maximum', async () => {
  const { breaker, clock } = createBreaker();
  failTimes(breaker, 3);
  const waits: number[] = [];

  for (let count = 0; count < 5; count += 1) {
    const { state } = breaker;
    if (state.kind !== 'open') throw new Error(state.kind);
    waits.push(state.probeAt - clock.now());
    await clock.pass('10s');
    breaker.startProbe();
    breaker.failed();
  }

  expect(waits).toEqual([500, 1_000, 2_000, 2_500, 2_500]);
});

test('a successful probe closes it and clears the window', async () => {
  const { breaker, clock, changes } = createBreaker({ minCalls: 3 });
  failTimes(breaker, 3);
  await clock.pass('1s');

  breaker.startProbe();
  breaker.succeeded();
  failTimes(breaker, 2);

  expect(changes).toEqual(['open', 'half-open', 'closed']);
});

test('an abandoned probe is due again at once', async () => {
  const { breaker, clock } = createBreaker();
  failTimes(breaker, 3);
  await clock.pass('1s');
  breaker.startProbe();

  breaker.abandonProbe();

  expect(breaker.isProbeDue).toBe(true);
});

test('any success closes an open breaker', () => {
  const { breaker } = createBreaker();
  failTimes(breaker, 3);

  breaker.succeeded();

  expect(breaker.state.kind).toBe('closed');
});

test('a failure while open does not change the open time', async () => {
  const { breaker, clock } = createBreaker();
  failTimes(breaker, 3);
  const { state } = breaker;
  await clock.pass(200);

  breaker.failed();

  expect(breaker.state).toEqual(state);
});

const methods = ['succeeded', 'failed', 'tooSlow', 'startProbe', 'abandonProbe'] as const;

interface Step {
  readonly method: (typeof methods)[number];
  readonly before: BreakerState;
  readonly after: BreakerState;
  readonly now: number;
}

/** The invariants of a breaker that a step breaks. */
function brokenInvariants({ method, before, after, now }: Step): string[] {
  const opens = after.kind === 'open' && before.kind !== 'open' && method !== 'abandonProbe';
  const wait = after.kind === 'open' ? after.probeAt - now : 0;
  const invariants: readonly (readonly [string, boolean])[] = [
    ['a success closes it', method !== 'succeeded' || after.kind === 'closed'],
    ['nothing else does', after.kind !== 'closed' || before.kind === 'closed' || method === 'succeeded'],
    ['only an open one is probed', after.kind !== 'half-open' || before.kind !== 'closed'],
    ['only a probe makes it half-open', after.kind !== 'half-open' || before === after || method === 'startProbe'],
    ['it stays open for a minimum time', !opens || wait >= defaults.openTime / 2],
    ['and for a maximum time', !opens || wait < defaults.maxOpenTime],
  ];
  return invariants.filter(([, holds]) => !holds).map(([invariant]) => invariant);
}

test('keeps its invariants for any sequence of calls', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...methods), fc.nat(3_000)), { maxLength: 60 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (script, chance) => {
        const clock = new FakeClock({ random: () => chance, settle: () => Promise.resolve() });
        const breaker = new CircuitBreaker({ clock, settings: defaults, onChange: () => {} });
        for (const [method, ms] of script) {
          const before = breaker.state;
          breaker[method]();
          expect(brokenInvariants({ method, before, after: breaker.state, now: clock.now() })).toEqual([]);
          await clock.pass(ms);
        }
      },
    ),
  );
});
