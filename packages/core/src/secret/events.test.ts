import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { SecretEmitter } from './events.ts';
import type { SecretEventName } from './events.ts';

const opened = { endpoint: 'kms.example', state: 'open', probeIn: 1_000, failure: 'unavailable' } as const;

function setup(): { readonly emitter: SecretEmitter; readonly reports: string[]; readonly emit: () => void } {
  const reports: string[] = [];
  const emitter = new SecretEmitter((name) => reports.push(name));
  return { emitter, reports, emit: () => emitter.emit('breaker', opened) };
}

test('calls the listeners of an event in order until they are removed', () => {
  const { emitter, emit } = setup();
  const calls: string[] = [];
  const removeFirst = emitter.on('breaker', () => calls.push('first'));
  emitter.on('breaker', () => calls.push('second'));

  emit();
  removeFirst();
  emit();

  expect(calls).toEqual(['first', 'second', 'second']);
});

test('once() removes the listener before it is called', () => {
  const { emitter, emit } = setup();
  let calls = 0;
  emitter.once('breaker', () => {
    calls += 1;
    emit();
  });

  emit();

  expect(calls).toBe(1);
});

test('an aborted signal removes the listener', () => {
  const { emitter, emit } = setup();
  const controller = new AbortController();
  let calls = 0;
  const count = (): void => void (calls += 1);
  emitter.on('breaker', count, { signal: controller.signal });
  emitter.once('breaker', count, { signal: AbortSignal.abort() });

  emit();
  controller.abort();
  emit();

  expect(calls).toBe(1);
});

test('a subscription is disposable', () => {
  const { emitter, emit } = setup();
  let calls = 0;
  const subscription = emitter.on('breaker', () => void (calls += 1));

  subscription[Symbol.dispose]();
  emit();

  expect(calls).toBe(0);
});

test('an unknown event is refused with the list of known ones', () => {
  const { emitter } = setup();

  expect(() => emitter.on('rotate' as SecretEventName, () => {})).toThrow(/Unknown event "rotate".*rotated/u);
  expect(() => emitter.on('constructor' as SecretEventName, () => {})).toThrow(TypeError);
});

test.each<[string, unknown, unknown]>([
  ['a listener', null, undefined],
  ['options', () => {}, null],
])('%s of the wrong type cause a TypeError', (_, listener, options) => {
  const { emitter } = setup();

  expect(() => emitter.on('rotated', listener as never, options as never)).toThrow(/of "rotated" must be/u);
  expect(() => emitter.once('rotated', listener as never, options as never)).toThrow(TypeError);
});

test('reports listeners that throw or reject and calls the others', async () => {
  const { emitter, reports, emit } = setup();
  let calls = 0;
  emitter.on('breaker', () => {
    throw new Error('no');
  });
  emitter.on('breaker', async () => {
    throw new Error('later');
  });
  // A promise of another realm is not an instance of this realm's Promise.
  emitter.on('breaker', () => runInNewContext('Promise.reject(new Error("foreign"))'));
  emitter.on('breaker', () => void (calls += 1));

  emit();
  await new Promise((resolve) => setImmediate(resolve));

  expect(calls).toBe(1);
  expect(reports).toEqual(['breaker', 'breaker', 'breaker']);
});
