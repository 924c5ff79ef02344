import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { Deadline, withTimeout, raceAbort } from './deadline.ts';

const never = new Promise<never>(() => {});

test('aborts with its own reason when the time is up', async () => {
  const clock = new FakeClock();
  const reason = new Error('too late');
  const deadline = new Deadline({ clock, ms: 100, parent: new AbortController().signal, reason: () => reason });

  await clock.pass(99);
  expect(deadline.signal.aborted).toBe(false);
  await clock.pass(1);

  expect(deadline.signal.reason).toBe(reason);
});

test('aborts when its parent aborts', () => {
  const clock = new FakeClock();
  const parent = new AbortController();
  const deadline = new Deadline({ clock, ms: 100, parent: parent.signal, reason: () => new Error('late') });

  parent.abort('closing');

  expect(deadline.signal.reason).toBe('closing');
  expect(clock.pendingTimers).toBe(0);
});

test('keeps the reason of the first abort', () => {
  const parent = new AbortController();
  const deadline = new Deadline({
    clock: new FakeClock(),
    ms: 100,
    parent: parent.signal,
    reason: () => new Error('late'),
  });

  deadline.cancel('first');
  deadline.cancel('second');
  parent.abort('third');

  expect(deadline.signal.reason).toBe('first');
});

test('is aborted from the start if its parent is', () => {
  const deadline = new Deadline({
    clock: new FakeClock(),
    ms: 100,
    parent: AbortSignal.abort('over'),
    reason: () => new Error('late'),
  });

  expect(deadline.signal.reason).toBe('over');
});

test('leaves no timer and never aborts once cleared', async () => {
  const clock = new FakeClock();
  const parent = new AbortController();
  const deadline = new Deadline({ clock, ms: 100, parent: parent.signal, reason: () => new Error('late') });

  deadline.clear();
  parent.abort();
  await clock.pass(1_000);

  expect(deadline.signal.aborted).toBe(false);
  expect(clock.pendingTimers).toBe(0);
});

test('start() starts the time later, unless the parent has aborted', async () => {
  const clock = new FakeClock();
  const parent = new AbortController();
  const reason = new Error('late');
  const [started, aborted] = [parent.signal, AbortSignal.abort('over')].map(
    (signal) => new Deadline({ clock, parent: signal, reason: () => reason }),
  );
  await clock.pass(500);

  started?.start(100);
  aborted?.start(100);
  expect(clock.pendingTimers).toBe(1);
  await clock.pass(100);

  expect([started?.reason, aborted?.reason]).toEqual([reason, 'over']);
});

test('a stopped deadline aborts only after its next start', async () => {
  const clock = new FakeClock();
  const deadline = new Deadline({ clock, parent: new AbortController().signal, reason: () => new Error('late') });
  deadline.start(100);

  deadline.stop();
  await clock.pass(1_000);
  expect([deadline.aborted, clock.pendingTimers]).toEqual([false, 0]);
  deadline.start(100);
  await clock.pass(100);

  expect(deadline.aborted).toBe(true);
});

test('raceAbort rejects with the reason of the signal', async () => {
  const controller = new AbortController();
  const left = raceAbort(never, controller.signal);

  controller.abort('enough');

  await expect(left).rejects.toBe('enough');
});

test('raceAbort settles as the promise does', async () => {
  const { signal } = new AbortController();

  expect(await raceAbort(Promise.resolve('done'), signal)).toBe('done');
  await expect(raceAbort(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
});

test('withTimeout resolves to the replacement after the timeout', async () => {
  const clock = new FakeClock();
  const replaced = withTimeout<string>(never, clock, { ms: 50, onTimeout: () => 'late' });

  await clock.pass(50);

  expect(await replaced).toBe('late');
});

test('withTimeout leaves no timer when the promise settles in time', async () => {
  const clock = new FakeClock();

  expect(await withTimeout(Promise.resolve('in time'), clock, { ms: 50, onTimeout: () => 'late' })).toBe('in time');
  expect(clock.pendingTimers).toBe(0);
});

test('does not count time that the process loses', async () => {
  const clock = new FakeClock();
  const parent = new AbortController();
  const deadline = new Deadline({ clock, ms: 100, parent: parent.signal, reason: () => new Error('late') });
  const waiting = withTimeout(never, clock, { ms: 100, onTimeout: () => 'over' });
  clock.freeze(700);

  await clock.pass(74);
  expect([deadline.aborted, deadline.lost]).toEqual([false, 675]);
  await clock.pass(1);

  expect(deadline.aborted).toBe(true);
  expect(await waiting).toBe('over');
  expect(clock.pendingTimers).toBe(0);
});

test('withTimeout extends the wait of a caller after a suspension', async () => {
  const clock = new FakeClock();
  const ends: number[] = [];
  void withTimeout(never, clock, { ms: 100, onTimeout: () => clock.now(), limits: 'caller' }).then((end) =>
    ends.push(end),
  );
  clock.freeze('10s');

  await clock.pass('10s');

  expect(ends).toEqual([15_000]);
});

test('work that ends after a suspension is in time', async () => {
  const clock = new FakeClock();
  const work = Promise.resolve('done');
  clock.freeze('10s');

  expect(await withTimeout(work, clock, { ms: 100, onTimeout: () => 'over' })).toBe('done');
  expect(clock.pendingTimers).toBe(0);
});

test('raceAbort leaves no unhandled rejection if the signal has aborted before', async () => {
  const failing = Promise.reject(new Error('too late'));

  await expect(raceAbort(failing, AbortSignal.abort(new Error('closed')))).rejects.toThrow('closed');
  await new Promise((resolve) => setImmediate(resolve));
});

/** Counts the timers that keep the process alive. */
class ObservedClock extends FakeClock {
  keepingAlive = 0;

  override setTimer(ms: number, task: () => void): () => void {
    this.keepingAlive += 1;
    return super.setTimer(ms, task);
  }
}

test('withTimeout keeps the process alive while it waits', async () => {
  const clock = new ObservedClock();

  await withTimeout(Promise.resolve('value'), clock, { ms: 100, onTimeout: () => 'replacement' });

  expect(clock.keepingAlive).toBe(1);
});

test.each([
  [undefined, 0],
  [true, 1],
])('a deadline with keepsAlive %s keeps the process alive: %i', (keepsAlive, timers) => {
  const clock = new ObservedClock();
  const parent = new AbortController().signal;

  const deadline = new Deadline({ clock, ms: 100, parent, reason: () => new Error('late'), keepsAlive });

  expect(clock.keepingAlive).toBe(timers);
  deadline.clear();
});
