import { expect, test } from 'vitest';
import { parseSource, parseTargets } from './targets.ts';

test.each([
  ['prod/db', { name: 'prod/db', key: undefined }],
  ['prod/db:AccountPassword', { name: 'prod/db', key: 'AccountPassword' }],
  ['prod/db:a.b:c', { name: 'prod/db', key: 'a.b:c' }],
  [
    'acs:kms:cn-hangzhou:1234567890:secret/prod/db',
    { name: 'acs:kms:cn-hangzhou:1234567890:secret/prod/db', key: undefined },
  ],
  [
    'acs:kms:cn-hangzhou:1234567890:secret/prod/db:password',
    { name: 'acs:kms:cn-hangzhou:1234567890:secret/prod/db', key: 'password' },
  ],
])('parses %s', (text, source) => {
  expect(parseSource(text)).toEqual(source);
});

test('parses variables and file descriptors', () => {
  expect(parseTargets(['A_1=x=y'], ['3=prod/tls:key'])).toEqual([
    { kind: 'env', variable: 'A_1', name: 'x=y', key: undefined },
    { kind: 'fd', fd: 3, name: 'prod/tls', key: 'key' },
  ]);
});

test.each([
  [[], [], 'needs a secret'],
  [['A'], [], 'expected VARIABLE=SECRET'],
  [['A='], [], 'expected VARIABLE=SECRET'],
  [['1A=x'], [], 'begins with no digit'],
  [['A-B=x'], [], 'begins with no digit'],
  [['A=:key'], [], 'expected SECRET or SECRET:KEY'],
  [['A=x:'], [], 'expected SECRET or SECRET:KEY'],
  [['A=x', 'A=y'], [], 'The variable A is set twice.'],
  [[], ['2=x'], 'expected a number from 3 to 63'],
  [[], ['64=x'], 'expected a number from 3 to 63'],
  [[], ['x=y'], 'expected a number from 3 to 63'],
  [[], ['3=x', '03=y'], 'The file descriptor 3 is set twice.'],
])('rejects --env %j --fd %j', (env, fd, message) => {
  expect(() => parseTargets(env, fd)).toThrow(message);
});
