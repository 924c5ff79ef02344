import { expect, test } from 'vitest';
import { layerOf, resolve } from './resolve.ts';
import type { ResolvedRows, Setting, SettingLayer } from './resolve.ts';
import { count, duration, flag, group, oneOf } from './rows.ts';

const table = {
  ttl: duration({ default: 60_000, min: 1_000, max: 3_600_000, variable: 'X_TTL' }),
  attempts: count({ default: 5, min: 1, max: 20 }),
  isVerbose: flag({ default: false }),
  order: oneOf(['code', 'official'], { default: 'code' }),
};

const groups = {
  retry: group({
    canBeOff: false,
    rows: {
      maxAttempts: count({ default: 5, min: 1, max: 20, variable: 'X_RETRY_MAX_ATTEMPTS' }),
      maxDelay: duration({ default: 10_000, min: 1, variable: 'X_RETRY_MAX_DELAY' }),
    },
  }),
  breaker: group({
    canBeOff: true,
    variable: 'X_BREAKER',
    rows: {
      failures: count({ default: 5, min: 1, max: 1_000, variable: 'X_BREAKER_FAILURES' }),
      window: duration({ default: 30_000, min: 1_000, variable: 'X_BREAKER_WINDOW' }),
    },
  }),
};

const code = (options: object): SettingLayer => layerOf(options, 'option');

/** A layer that sets the members of a group one by one, as variables and files do; `switched` is the value of its switch. */
function textLayer(
  name: string,
  members: Readonly<Record<string, string>>,
  { switched, source = 'variable' }: { readonly switched?: string; readonly source?: string } = {},
): SettingLayer {
  const settings = Object.entries(members).map(([key, value]): [string, Setting] => [key, { value, source }]);
  return new Map([[name, { value: switched, source, members: new Map(settings) }]]);
}

function valuesOf(...layers: readonly SettingLayer[]): ResolvedRows<typeof groups> {
  const { values, issues } = resolve(groups, layers);
  expect(issues).toEqual([]);
  return values;
}

function mistakes(options: object, of: typeof table | typeof groups = table): string[] {
  return resolve<typeof table | typeof groups>(of, [code(options)]).issues.map(
    ({ key, got, expected }) => `${key}: ${got ?? ''}: ${expected}`,
  );
}

test('undefined counts as not set', () => {
  expect(resolve(table, [code({ ttl: undefined })])).toMatchObject({ values: { ttl: 60_000 }, issues: [] });
});

test('the first layer that sets an option wins, and its source is known', () => {
  const { values, sources } = resolve(table, [
    code({ ttl: undefined, attempts: 2 }),
    layerOf({ ttl: '2s', attempts: 9 }, 'variable'),
  ]);

  expect(values).toEqual({ ttl: 2_000, attempts: 2, isVerbose: false, order: 'code' });
  expect([...sources]).toEqual([
    ['ttl', 'variable'],
    ['attempts', 'option'],
  ]);
});

test('reports all mistakes together, unknown options with the known ones', () => {
  expect(mistakes({ ttl: -1, attempts: 2.5, isVerbose: 'yes', order: 'mine', tll: 5 })).toEqual([
    'ttl: -1: a duration from 1s to 1h, such as 1m',
    'attempts: 2.5: a whole number from 1 to 20',
    'isVerbose: "yes": true or false',
    'order: "mine": "code" or "official"',
    'tll: : one of ttl, attempts, isVerbose, order',
  ]);
});

test('an option named like a property of every object is unknown', () => {
  expect(mistakes({ constructor: 1, toString: 2 })).toHaveLength(2);
  expect(mistakes({ breaker: { constructor: 1 } }, groups)).toHaveLength(1);
});

test('a group that is not set has the defaults of its members', () => {
  const defaults = { retry: { maxAttempts: 5, maxDelay: 10_000 }, breaker: { failures: 5, window: 30_000 } };

  expect(valuesOf(code({}))).toEqual(defaults);
  expect(valuesOf(code({ retry: undefined, breaker: undefined }))).toEqual(defaults);
  expect(valuesOf(code({ retry: {}, breaker: {} }))).toEqual(defaults);
});

test('a group that is partly set keeps the defaults of the other members', () => {
  expect(valuesOf(code({ breaker: { failures: 3 } })).breaker).toEqual({ failures: 3, window: 30_000 });
  expect(valuesOf(code({ breaker: { failures: 3, window: undefined } })).breaker).toEqual({
    failures: 3,
    window: 30_000,
  });
  expect(valuesOf(textLayer('breaker', { window: '1m' })).breaker).toEqual({ failures: 5, window: 60_000 });
});

test('each member of a group has its own precedence and its own source', () => {
  const { values, sources } = resolve(groups, [
    code({ retry: { maxAttempts: 2 } }),
    textLayer('retry', { maxAttempts: '3', maxDelay: '1s' }),
    textLayer('retry', { maxAttempts: '4', maxDelay: '2s' }, { source: 'file:1' }),
  ]);

  expect(values.retry).toEqual({ maxAttempts: 2, maxDelay: 1_000 });
  expect([...sources]).toEqual([
    ['retry.maxAttempts', 'option'],
    ['retry.maxDelay', 'variable'],
  ]);
});

test('false switches a group off, also as a string', () => {
  expect(valuesOf(code({ breaker: false })).breaker).toBe(false);
  expect(valuesOf(textLayer('breaker', {}, { switched: 'false' })).breaker).toBe(false);
  expect(valuesOf(textLayer('breaker', {}, { switched: 'true' })).breaker).toEqual({ failures: 5, window: 30_000 });
  expect([...resolve(groups, [code({ breaker: false })]).sources]).toEqual([['breaker', 'option']]);
});

test('an object in code switches a group on that a variable switches off', () => {
  const off = textLayer('breaker', {}, { switched: 'false' });

  expect(valuesOf(code({ breaker: { failures: 3 } }), off).breaker).toEqual({ failures: 3, window: 30_000 });
  expect(valuesOf(code({ breaker: {} }), off).breaker).toEqual({ failures: 5, window: 30_000 });
  expect(valuesOf(off, code({ breaker: {} })).breaker).toBe(false);
});

test('false in code switches a group off whatever the variables of its members say', () => {
  const members = textLayer('breaker', { failures: 'many' }, { switched: 'true' });

  expect(valuesOf(code({ breaker: false }), members).breaker).toBe(false);
});

test('one variable is enough to switch a group off that others configure', () => {
  const own = textLayer('breaker', { failures: '3' }, { switched: 'false' });

  expect(valuesOf(own, textLayer('breaker', { window: '1m' }, { source: 'file:1' })).breaker).toBe(false);
});

test('the variable of a member does not switch on a group that a file switches off', () => {
  const file = textLayer('breaker', {}, { switched: 'false', source: 'file:1' });

  expect(valuesOf(textLayer('breaker', { failures: '3' }), file).breaker).toBe(false);
});

test.each([5, true, 'yes', 'false', [], null])('rejects %j for a group that cannot be off', (retry) => {
  expect(mistakes({ retry }, groups)).toEqual([
    expect.stringMatching(/^retry: .*: an object with maxAttempts, maxDelay$/u),
  ]);
});

test.each([5, 'yes', [], null])('rejects %j for a group that can be off', (breaker) => {
  expect(mistakes({ breaker }, groups)).toEqual([
    expect.stringMatching(/^breaker: .*: false, or an object with failures, window$/u),
  ]);
});

test('a wrong group is reported once and has the defaults', () => {
  const { values, issues } = resolve(groups, [code({ breaker: 5 }), textLayer('breaker', { failures: '3' })]);

  expect(issues).toHaveLength(1);
  expect(values.breaker).toEqual({ failures: 3, window: 30_000 });
});

test('reports the mistakes of all members with their paths and sources', () => {
  const { issues } = resolve(groups, [
    code({ retry: { attempts: 3 }, breaker: { failures: 0, windows: '1m' } }),
    textLayer('breaker', { window: 'long' }, { source: 'file:2' }),
  ]);

  expect(issues.map(({ key, source, got = '', expected }) => `${key} (${source}): ${got}: ${expected}`)).toEqual([
    'retry.attempts (option): : one of maxAttempts, maxDelay',
    'breaker.failures (option): 0: a whole number from 1 to 1000',
    'breaker.window (file:2): "long": a duration from 1s to 365d, such as 30s',
    'breaker.windows (option): : one of failures, window',
  ]);
});

test('a member named by its path in code is unknown', () => {
  expect(mistakes({ 'breaker.failures': 3 }, groups)).toEqual(['breaker.failures: : one of retry, breaker']);
});
