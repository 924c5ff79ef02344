import { FakeClock } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';
import { Priority } from './priority.ts';

function stage({ maxInFlight = 100, maxPerSecond = 100 }: { maxInFlight?: number; maxPerSecond?: number } = {}) {
  const clock = new FakeClock();
  const admission = new RateLimiter({ clock, maxInFlight, maxPerSecond });
  const entered: string[] = [];
  const failed: string[] = [];
  const controller = new AbortController();
  const enter = (name: string, urgency = new Priority('read'), signal = controller.signal): void => {
    const turn = admission.acquire(urgency, signal);
    if (turn === undefined) entered.push(name);
    else
      turn.then(
        () => entered.push(name),
        (error: unknown) => failed.push(`${name}: ${String(error)}`),
      );
  };
  return { clock, admission, entered, failed, enter, controller };
}

test('no more are let in than may be under way, and the next as soon as one leaves', async () => {
  const { clock, admission, entered, enter } = stage({ maxInFlight: 2 });
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  expect(entered).toEqual(['a', 'b']);
  expect(admission.queued).toBe(2);

  admission.release();
  await clock.pass(0);

  expect(entered).toEqual(['a', 'b', 'c']);
});

test('no more are let in than may come in a second, and the next when there is a token for it', async () => {
  const { clock, entered, enter } = stage({ maxPerSecond: 2 });
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  expect(entered).toEqual(['a', 'b']);

  await clock.pass(499);
  expect(entered).toEqual(['a', 'b']);
  await clock.pass(1);
  expect(entered).toEqual(['a', 'b', 'c']);
  await clock.pass(500);

  expect(entered).toEqual(['a', 'b', 'c', 'd']);
  expect(clock.pending).toBe(0);
});

test('a reader goes before the refreshes that came earlier', async () => {
  const { clock, admission, entered, enter } = stage({ maxInFlight: 1 });
  enter('first');
  enter('refresh', new Priority('refresh'));
  enter('reader');

  admission.release();
  await clock.pass(0);

  expect(entered).toEqual(['first', 'reader']);
});

test('refreshes leave a quarter of the places and of the tokens to readers', () => {
  const places = stage({ maxInFlight: 8 });
  const tokens = stage({ maxPerSecond: 8 });

  for (const { enter } of [places, tokens]) {
    for (let count = 0; count < 8; count += 1) enter('refresh', new Priority('refresh'));
    enter('reader');
  }

  expect(places.entered).toEqual([...Array<string>(6).fill('refresh'), 'reader']);
  expect(tokens.entered).toEqual([...Array<string>(6).fill('refresh'), 'reader']);
});

test('where there is one place or one token, refreshes have their turn too', async () => {
  const { clock, admission, entered, enter } = stage({ maxInFlight: 1, maxPerSecond: 1 });
  enter('one', new Priority('refresh'));
  enter('two', new Priority('refresh'));

  admission.release();
  await clock.pass('1s');

  expect(entered).toEqual(['one', 'two']);
});

test('a refresh that comes when there is a token again does not overtake the one that waits for it', async () => {
  const { clock, entered, enter } = stage({ maxPerSecond: 2 });
  for (const name of ['a', 'b', 'c']) enter(name, new Priority('refresh'));

  clock.freeze(500);
  enter('d', new Priority('refresh'));
  await clock.pass(0);

  expect(entered).toEqual(['a', 'b', 'c']);
});

test('a refresh that a reader joins goes before the other refreshes', async () => {
  const { clock, admission, entered, enter } = stage({ maxInFlight: 1 });
  const joined = new Priority('refresh');
  enter('first');
  enter('second', new Priority('refresh'));
  enter('joined', joined);

  joined.raise('read');
  admission.release();
  await clock.pass(0);

  expect(entered).toEqual(['first', 'joined']);
});

test('who gives up leaves the queue at once, with the reason of its signal', async () => {
  const { clock, admission, failed, enter } = stage({ maxInFlight: 1 });
  const controller = new AbortController();
  enter('first');
  enter('second', new Priority('read'), controller.signal);

  controller.abort(new Error('enough'));
  await clock.pass(0);

  expect(failed).toEqual(['second: Error: enough']);
  expect(admission.queued).toBe(0);
});

test('the queue is bounded: who finds it full is told what to set', async () => {
  const { clock, failed, enter } = stage({ maxInFlight: 1 });
  for (let count = 0; count < 10_001; count += 1) enter(String(count));

  enter('late');
  await clock.pass(0);

  expect(failed).toEqual([expect.stringContaining('maxRequestsPerEndpoint')]);
});

test('whoever asks and whenever, no second sees more than twice the rate, and never are more under way than may be', async () => {
  const call = fc.record({ after: fc.nat(400), purpose: fc.constantFrom('read' as const, 'refresh' as const) });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(call, { maxLength: 40 }),
      async (maxInFlight, maxPerSecond, calls) => {
        const clock = new FakeClock({ settle: () => new Promise((resolve) => queueMicrotask(resolve)) });
        const admission = new RateLimiter({ clock, maxInFlight, maxPerSecond });
        const moments: number[] = [];
        let inFlight = 0;
        const letIn = (): void => {
          moments.push(clock.now());
          inFlight += 1;
          expect(inFlight).toBeLessThanOrEqual(maxInFlight);
          clock.setUnrefTimer(150, () => {
            inFlight -= 1;
            admission.release();
          });
        };
        for (const { after, purpose } of calls) {
          await clock.pass(after);
          const turn = admission.acquire(new Priority(purpose), new AbortController().signal);
          if (turn === undefined) letIn();
          else void turn.then(letIn);
        }
        await clock.pass('2m');

        expect(moments.length).toBe(calls.length);
        for (const [index, moment] of moments.entries()) {
          const within = moments.filter((other, at) => at >= index && other - moment < 1_000).length;
          expect(within).toBeLessThanOrEqual(2 * maxPerSecond);
        }
      },
    ),
    { numRuns: 50 },
  );
});
