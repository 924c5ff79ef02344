import { isSecretError } from '@kms-secrets/core';
import { expect, test } from 'vitest';
import { ConnectionError, isReply, reasonOf, toStoreError } from './redis-error.ts';

/** An error reply, as ioredis throws it. */
function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

test('says what to do about a known reply, wherever its word stands, and shows no other part of it', () => {
  expect(reasonOf(reply('OOM command not allowed, args: s3cret-value'))).toBe(
    'Redis is out of memory and does not evict; set maxmemory-policy or raise maxmemory',
  );
  expect(reasonOf(reply('ERR Error running script: @user_script: READONLY s3cret-value'))).toBe(
    'this Redis is a read-only replica; connect to the primary',
  );
});

test('shows only the first word of an unknown reply, which may quote the command', () => {
  const error = reply("ERR unknown command 'HSET', with args beginning with: 's3cret-value'");

  expect(reasonOf(error)).toBe('the command failed (ReplyError, ERR)');
});

test.each([
  ['lower-case text', 's3cret-value in the message'],
  ['a word that is longer than 31 characters', `S3CRET${'A'.repeat(30)}`],
  ['a single letter', 'X s3cret-value'],
])('shows no word of a message that begins with %s', (_, message) => {
  expect(reasonOf(new Error(message))).toBe('the command failed (Error)');
});

test('shows the code of an error if it has the form of a code', () => {
  expect(reasonOf(Object.assign(new Error('s3cret-value'), { code: 'ECONNREFUSED' }))).toContain(
    '(Error, ECONNREFUSED)',
  );
  expect(reasonOf(Object.assign(new Error('s3cret-value'), { code: 's3cret-code' }))).toBe(
    'the command failed (Error)',
  );
});

test('explains a value that is no error', () => {
  expect(reasonOf('s3cret-value')).toBe('the client threw a value that is not an error');
});

test('takes only a ReplyError for a response of Redis', () => {
  expect([isReply(reply('ERR x')), isReply(new ConnectionError('closed')), isReply('ReplyError')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('a store error says what failed and why, and has no cause', () => {
  const error = toStoreError(new ConnectionError('the connection was closed'), 'Secret "db" could not be read');

  expect(isSecretError(error, 'ERR_STORE')).toBe(true);
  expect(error.message).toBe(
    'Secret "db" could not be read: the connection was closed. See https://kms-secrets.github.io/kms-secrets/errors#err_store',
  );
  expect(error.cause).toBeUndefined();
});
