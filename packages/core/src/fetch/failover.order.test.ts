import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EndpointOrder, nearestFirst } from '../endpoint/endpoint-order.ts';
import { createEndpoint } from './failover.fixture.ts';

interface Place {
  readonly name: string;
  readonly connectTime: number | undefined;
}

function places(times: Readonly<Record<string, number | undefined>>): readonly Place[] {
  return Object.entries(times).map(([name, connectTime]) => ({ name, connectTime }));
}

function names(order: readonly { readonly name: string }[]): string {
  return order.map(({ name }) => name).join('');
}

test('the nearest comes first', () => {
  expect(names(nearestFirst(places({ a: 90, b: 10, c: 40 })))).toBe('bca');
});

test('one that is hardly nearer than another does not overtake it', () => {
  expect(names(nearestFirst(places({ a: 50, b: 45 })))).toBe('ab');
  expect(names(nearestFirst(places({ a: 3, b: 1 })))).toBe('ab');
});

test('one that cannot be measured comes after those that can', () => {
  expect(names(nearestFirst(places({ a: undefined, b: 80, c: undefined })))).toBe('bac');
});

test('an order is a rearrangement, and measuring the same again changes nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(300), { nil: undefined }), { maxLength: 8 }), (times) => {
      const given = times.map((connectTime, index) => ({ name: String(index), connectTime }));

      const order = nearestFirst(given);

      expect(new Set(order)).toEqual(new Set(given));
      expect(nearestFirst(order)).toEqual(order);
    }),
  );
});

interface Way {
  ms: number | Error;
  connections: number;
}

function fixture(ways: Readonly<Record<string, number | Error>>, order: 'given' | 'measured' = 'measured') {
  const clock = new FakeClock();
  const controller = new AbortController();
  const measured = new Map<string, Way>();
  const endpoints = Object.entries(ways).map(([name, ms]) => {
    const way: Way = { ms, connections: 0 };
    measured.set(name, way);
    const connectTime = (): Promise<number> => {
      way.connections += 1;
      return way.ms instanceof Error ? Promise.reject(way.ms) : Promise.resolve(way.ms);
    };
    return createEndpoint(Object.assign(new FakeTransport(name), { connectTime }), clock);
  });
  const parts = { endpoints, clock, order, connectTimeout: 2_000, closing: controller.signal };
  return { clock, measured, controller, asked: new EndpointOrder(parts) };
}

test('nothing is measured before somebody asks, and nobody waits for it', async () => {
  const { asked, measured, clock } = fixture({ a: 90, b: 10 });
  await clock.pass('1h');
  expect(measured.get('b')?.connections).toBe(0);

  const first = names(asked.current);
  await clock.pass(0);

  expect([first, names(asked.current)]).toEqual(['ab', 'ba']);
});

test('it is measured again after five minutes, and not before', async () => {
  const { asked, measured, clock } = fixture({ a: 90, b: 10 });
  void asked.current;
  await clock.pass('4m');
  void asked.current;
  await clock.pass(0);
  const before = measured.get('a')?.connections;
  for (const way of measured.values()) way.ms = way.ms === 90 ? 5 : 90;

  await clock.pass('1m');
  void asked.current;
  await clock.pass(0);

  expect(before).toBe(3);
  expect(names(asked.current)).toBe('ab');
});

test('one that cannot be reached comes last, until it can', async () => {
  const { asked, measured, clock } = fixture({ a: new Error('gone'), b: 100 });
  void asked.current;
  await clock.pass(0);
  expect(names(asked.current)).toBe('ba');
  const away = measured.get('a');
  if (away !== undefined) away.ms = 10;

  await clock.pass('5m');
  void asked.current;
  await clock.pass(0);

  expect(names(asked.current)).toBe('ab');
});

test('in the order given, nothing is measured', async () => {
  const { asked, measured, clock } = fixture({ a: 90, b: 10 }, 'given');

  void asked.current;
  await clock.pass(0);

  expect(names(asked.current)).toBe('ab');
  expect(measured.get('b')?.connections).toBe(0);
});

test('after the client is closed nothing is measured any more, and no timer is left', async () => {
  const { asked, clock, controller } = fixture({ a: 90, b: 10 });

  void asked.current;
  controller.abort();
  await clock.pass(0);

  expect(clock.pendingTimers).toBe(0);
});

test('gives up a connection that is never established', async () => {
  const clock = new FakeClock();
  const deaf = Object.assign(new FakeTransport('a'), { connectTime: () => new Promise<number>(() => {}) });
  const near = Object.assign(new FakeTransport('b'), { connectTime: async () => 1 });
  const endpoints = [createEndpoint(deaf, clock), createEndpoint(near, clock)];
  const order = new EndpointOrder({
    endpoints,
    clock,
    order: 'measured',
    connectTimeout: 2_000,
    closing: new AbortController().signal,
  });
  expect(order.current[0]?.name).toBe('a');

  await clock.pass('2s');

  expect(order.current[0]?.name).toBe('b');
  expect(clock.pendingTimers).toBe(0);
});
