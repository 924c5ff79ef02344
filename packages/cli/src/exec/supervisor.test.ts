import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { TestHost } from '../test-host.fixture.ts';
import type { ChildEnd } from './child.ts';
import { Supervisor } from './supervisor.ts';

/** A program that ends when the test says so. */
class FakeChild {
  readonly received: string[] = [];
  end: (end: ChildEnd) => void = () => {};
  readonly ended = new Promise<ChildEnd>((resolve) => (this.end = resolve));

  kill(signal: string): void {
    this.received.push(signal);
  }
}

function setUp({ isTerminal = false } = {}): {
  host: TestHost;
  clock: FakeClock;
  children: FakeChild[];
  supervisor: Supervisor;
  code: Promise<number>;
} {
  const clock = new FakeClock();
  const host = new TestHost({ clock, isTerminal });
  const children: FakeChild[] = [];
  const start = (): FakeChild => {
    const child = new FakeChild();
    children.push(child);
    return child;
  };
  const supervisor = new Supervisor({ host, start, stopTimeout: 5_000 });
  return { host, clock, children, supervisor, code: supervisor.run() };
}

test('restarts a program that stops in time', async () => {
  const { clock, children, supervisor, code } = setUp();
  supervisor.restart();
  supervisor.restart();
  expect(children[0]?.received).toEqual(['SIGTERM']);
  children[0]?.end({ signal: 'SIGTERM' });
  await clock.pass(10_000);

  expect(children.map(({ received }) => received)).toEqual([['SIGTERM'], []]);
  children[1]?.end({ code: 3 });
  expect(await code).toBe(3);
});

test('kills a program that does not stop in time', async () => {
  const { clock, children, supervisor } = setUp();
  supervisor.restart();
  await clock.pass(4_999);
  expect(children[0]?.received).toEqual(['SIGTERM']);
  await clock.pass(1);

  expect(children[0]?.received).toEqual(['SIGTERM', 'SIGKILL']);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('a %s during a restart ends the program for good', async (signal) => {
  const { host, clock, children, supervisor, code } = setUp();
  supervisor.restart();
  host.deliver(signal);
  children[0]?.end({ signal: 'SIGTERM' });
  await clock.pass(100);

  expect(children).toHaveLength(1);
  expect(children[0]?.received).toEqual(['SIGTERM', signal]);
  expect(host.raised).toEqual(['SIGTERM']);
  expect(await code).toBe(143);
});

test('a program that ends by itself is not restarted', async () => {
  const { children, supervisor, code } = setUp();
  children[0]?.end({ code: 0 });
  expect(await code).toBe(0);
  supervisor.restart();

  expect(children).toHaveLength(1);
});

test('a Ctrl-C during a restart ends the program for good', async () => {
  const { host, clock, children, supervisor, code } = setUp({ isTerminal: true });
  supervisor.restart();
  host.deliver('SIGINT');
  // The terminal sends it to the program.
  children[0]?.end({ signal: 'SIGINT' });
  await clock.pass(100);

  expect(children).toHaveLength(1);
  expect(children[0]?.received).toEqual(['SIGTERM']);
  expect(await code).toBe(130);
});
