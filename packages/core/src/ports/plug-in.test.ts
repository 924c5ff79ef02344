import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { PlugIn } from './plug-in.ts';

function setUp(call: (value: number) => unknown): {
  readonly plugIn: PlugIn<[number], number>;
  readonly lines: string[];
} {
  const lines: string[] = [];
  const logger = { warn: (line: string) => void lines.push(line), error: () => {} };
  const parse = (result: unknown): number | undefined => (typeof result === 'number' ? result : undefined);
  return { plugIn: new PlugIn({ option: 'x.y', call, parse, expected: 'a number', logger }), lines };
}

test('returns the result of the function', () => {
  expect(setUp((value) => value + 1).plugIn.run(1)).toEqual({ result: 2 });
  expect(setUp(() => undefined).plugIn.run(1)).toEqual({ result: undefined });
});

test.each([
  [
    'throws',
    (): never => {
      throw new Error('s3cret-quoted');
    },
    /failed: Error was thrown/u,
  ],
  ['throws a string', (): never => runInNewContext('throw "s3cret-quoted"') as never, /failed: a value/u],
  ['returns a string', () => 's3cret-quoted', /invalid value; expected a number/u],
  ['returns null', () => null, /invalid value/u],
  ['returns a promise', () => runInNewContext('Promise.reject(new Error("s3cret"))') as unknown, /a promise/u],
])('a function that %s is ignored with one warning', (_how, call, warning) => {
  const { plugIn, lines } = setUp(call);

  expect(plugIn.run(1)).toBeUndefined();
  expect(plugIn.run(2)).toBeUndefined();

  expect(lines).toEqual([expect.stringMatching(warning)]);
  expect(lines.join().includes('s3cret')).toBe(false);
});
