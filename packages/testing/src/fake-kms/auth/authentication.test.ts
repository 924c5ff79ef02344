import { expect, test } from 'vitest';

import { AccessKeys } from './access-keys.ts';
import { Authentication } from './authentication.ts';
import type { SecretSignedRequest } from '../protocols/protocol.ts';
import { formatDate } from '../settable-clock.ts';

const start = Date.parse('2026-01-02T03:04:05Z');
const minute = 60_000;
const permanent = { accessKeyId: 'FakeAccessKeyId1', accessKeySecret: 'secret-of-1' };
const temporary = {
  accessKeyId: 'STS.Fake1',
  accessKeySecret: 'secret-of-sts',
  securityToken: 'token',
  expiresAt: start + 60 * minute,
};

test('a rightly signed request passes', () => {
  const { check } = setup();

  expect(() => check({})).not.toThrow();
});

test.each(['2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z', '2026-02-30T03:04:05Z', 'today'])(
  'a date written %s is refused',
  (timestamp) => {
    const { check } = setup();

    expect(() => check({ timestamp })).toThrow(
      expect.objectContaining({ status: 400, code: 'InvalidTimeStamp.Format' }),
    );
  },
);

test('a date may be off by fifteen minutes either way, and no more', () => {
  const { check } = setup();

  for (const off of [-15 * minute, 15 * minute]) {
    expect(() => check({ timestamp: formatDate(start + off), nonce: String(off) })).not.toThrow();
    expect(() => check({ timestamp: formatDate(start + off + Math.sign(off) * 1000) })).toThrow(
      expect.objectContaining({ status: 400, code: 'InvalidTimeStamp.Expired' }),
    );
  }
});

test('a wrong signature is refused with the text the server has signed', () => {
  const { check } = setup();

  expect(() => check({ signature: 'wrong' })).toThrow(
    expect.objectContaining({
      status: 400,
      code: 'SignatureDoesNotMatch',
      message: 'Specified signature is not matched with our calculation. server string to sign is:the text to sign',
    }),
  );
});

test('an unknown key is not found, a disabled one is inactive, a removed one is not found again', () => {
  const { check, keys } = setup();

  expect(() => check({ accessKeyId: 'nobody' })).toThrow(
    expect.objectContaining({
      status: 404,
      code: 'InvalidAccessKeyId.NotFound',
      message: 'Specified access key is not found.',
    }),
  );
  keys.disable(permanent.accessKeyId);
  expect(() => check({})).toThrow(expect.objectContaining({ status: 400, code: 'InvalidAccessKeyId.Inactive' }));
  keys.remove(permanent.accessKeyId);
  expect(() => check({})).toThrow(expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }));
});

test.each([
  { title: 'a temporary key without its token', key: temporary, token: undefined, code: 'MissingSecurityToken' },
  { title: 'a temporary key with an empty token', key: temporary, token: '', code: 'MissingSecurityToken' },
  {
    title: 'a temporary key with another token',
    key: temporary,
    token: 'other',
    code: 'InvalidSecurityToken.MismatchWithAccessKey',
  },
  {
    title: 'a permanent key with a token',
    key: permanent,
    token: 'token',
    code: 'InvalidSecurityToken.MismatchWithAccessKey',
  },
])('$title is refused', ({ key: { accessKeyId, accessKeySecret }, token: securityToken, code }) => {
  const { check } = setup();

  expect(() => check({ accessKeyId, securityToken, signature: `signed with ${accessKeySecret}` })).toThrow(
    expect.objectContaining({ status: 400, code }),
  );
});

test('a temporary key is good until it expires, and then not found', () => {
  const { check, pass } = setup();
  const { accessKeyId, securityToken } = temporary;
  const signature = `signed with ${temporary.accessKeySecret}`;

  pass(60 * minute - 1);
  expect(() => check({ accessKeyId, securityToken, signature })).not.toThrow();
  pass(1);
  expect(() => check({ accessKeyId, securityToken, signature })).toThrow(
    expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }),
  );
});

test('a temporary key may be told to expire in the words of other products', () => {
  const { check, keys } = setup();
  keys.addTemporary({ ...temporary, expiresAt: start, expiredCode: 'InvalidSecurityToken.Expired' });
  const { accessKeyId, securityToken } = temporary;

  expect(() => check({ accessKeyId, securityToken })).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidSecurityToken.Expired' }),
  );
});

test('a key that is not temporary by its id, or has no token, is not taken for a temporary one', () => {
  const { keys } = setup();

  expect(() => keys.addTemporary({ ...temporary, accessKeyId: 'Fake1' })).toThrow('begins with "STS."');
  expect(() => keys.addTemporary({ ...temporary, securityToken: '' })).toThrow('needs a security token');
});

test('a nonce is good once in fifteen minutes', () => {
  const { check, pass } = setup();
  const again = { nonce: 'again' };
  check(again);

  pass(15 * minute);
  expect(() => check(again)).toThrow(
    expect.objectContaining({
      status: 400,
      code: 'SignatureNonceUsed',
      message: 'Specified signature nonce was used already.',
    }),
  );
  pass(1);
  expect(() => check(again)).not.toThrow();
});

test('nonces of different keys do not meet', () => {
  const { check, keys } = setup();
  keys.add({ accessKeyId: 'FakeAccessKeyId2', accessKeySecret: 'secret-of-1' });
  check({ nonce: 'same' });

  expect(() => check({ nonce: 'same', accessKeyId: 'FakeAccessKeyId2' })).not.toThrow();
});

test('a wrongly signed request does not use up its nonce', () => {
  const { check } = setup();
  expect(() => check({ nonce: 'n', signature: 'wrong' })).toThrow(
    expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
  );

  expect(() => check({ nonce: 'n' })).not.toThrow();
});

test('no more nonces are remembered than those of the last fifteen minutes', () => {
  const { check, pass, authentication } = setup();
  for (let count = 0; count < 100; count += 1) {
    check({ nonce: String(count) });
    pass(minute);
  }

  expect(authentication.nonces).toBe(15);
});

function setup(): {
  check: (change: Partial<SecretSignedRequest>) => void;
  pass: (ms: number) => void;
  keys: AccessKeys;
  authentication: Authentication;
} {
  let now = start;
  const clock = { date: () => now };
  const keys = new AccessKeys({ clock });
  keys.add(permanent);
  keys.addTemporary(temporary);
  const authentication = new Authentication({ keys, clock });
  return {
    keys,
    authentication,
    pass(ms) {
      now += ms;
    },
    check(change) {
      authentication.check({
        action: 'GetSecretValue',
        version: '2016-01-20',
        accessKeyId: permanent.accessKeyId,
        securityToken: undefined,
        nonce: 'nonce',
        timestamp: formatDate(now),
        signature: 'signed with secret-of-1',
        stringToSign: 'the text to sign',
        sign: (secret) => `signed with ${secret}`,
        parameters: new Map(),
        ...change,
      });
    },
  };
}
