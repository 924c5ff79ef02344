import { expect, test } from 'vitest';

import { AccessKeys } from './access-keys.ts';
import { Authentication } from './authentication.ts';
import type { HmacSignedRequest } from '../protocols/protocol.ts';
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

test('accepts a valid request', () => {
  const { authenticate } = setup();

  expect(() => authenticate({})).not.toThrow();
});

test.each(['2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z', '2026-02-30T03:04:05Z', 'today'])(
  'rejects the date %s',
  (timestamp) => {
    const { authenticate } = setup();

    expect(() => authenticate({ timestamp })).toThrow(
      expect.objectContaining({ status: 400, code: 'InvalidTimeStamp.Format' }),
    );
  },
);

test('accepts a date that is up to fifteen minutes off', () => {
  const { authenticate } = setup();

  for (const offset of [-15 * minute, 15 * minute]) {
    expect(() => authenticate({ timestamp: formatDate(start + offset), nonce: String(offset) })).not.toThrow();
    expect(() => authenticate({ timestamp: formatDate(start + offset + Math.sign(offset) * 1000) })).toThrow(
      expect.objectContaining({ status: 400, code: 'InvalidTimeStamp.Expired' }),
    );
  }
});

test('reports the server string to sign for a wrong signature', () => {
  const { authenticate } = setup();

  expect(() => authenticate({ signature: 'wrong' })).toThrow(
    expect.objectContaining({
      status: 400,
      code: 'SignatureDoesNotMatch',
      message: 'Specified signature is not matched with our calculation. server string to sign is:the string to sign',
    }),
  );
});

test('rejects unknown, disabled and removed keys', () => {
  const { authenticate, keys } = setup();

  expect(() => authenticate({ accessKeyId: 'unknown' })).toThrow(
    expect.objectContaining({
      status: 404,
      code: 'InvalidAccessKeyId.NotFound',
      message: 'Specified access key is not found.',
    }),
  );
  keys.disable(permanent.accessKeyId);
  expect(() => authenticate({})).toThrow(expect.objectContaining({ status: 400, code: 'InvalidAccessKeyId.Inactive' }));
  keys.remove(permanent.accessKeyId);
  expect(() => authenticate({})).toThrow(expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }));
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
])('rejects $title', ({ key: { accessKeyId, accessKeySecret }, token: securityToken, code }) => {
  const { authenticate } = setup();

  expect(() => authenticate({ accessKeyId, securityToken, signature: `signed with ${accessKeySecret}` })).toThrow(
    expect.objectContaining({ status: 400, code }),
  );
});

test('rejects an expired temporary key as not found', () => {
  const { authenticate, pass } = setup();
  const { accessKeyId, securityToken } = temporary;
  const signature = `signed with ${temporary.accessKeySecret}`;

  pass(60 * minute - 1);
  expect(() => authenticate({ accessKeyId, securityToken, signature })).not.toThrow();
  pass(1);
  expect(() => authenticate({ accessKeyId, securityToken, signature })).toThrow(
    expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }),
  );
});

test('uses the configured error code for an expired temporary key', () => {
  const { authenticate, keys } = setup();
  keys.addTemporary({ ...temporary, expiresAt: start, expiredCode: 'InvalidSecurityToken.Expired' });
  const { accessKeyId, securityToken } = temporary;

  expect(() => authenticate({ accessKeyId, securityToken })).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidSecurityToken.Expired' }),
  );
});

test('requires a temporary key to have an STS. id and a token', () => {
  const { keys } = setup();

  expect(() => keys.addTemporary({ ...temporary, accessKeyId: 'Fake1' })).toThrow('must begin with "STS."');
  expect(() => keys.addTemporary({ ...temporary, securityToken: '' })).toThrow('needs a security token');
});

test('rejects a nonce that was used in the last fifteen minutes', () => {
  const { authenticate, pass } = setup();
  const again = { nonce: 'again' };
  authenticate(again);

  pass(15 * minute);
  expect(() => authenticate(again)).toThrow(
    expect.objectContaining({
      status: 400,
      code: 'SignatureNonceUsed',
      message: 'Specified signature nonce was used already.',
    }),
  );
  pass(1);
  expect(() => authenticate(again)).not.toThrow();
});

test('accepts the same nonce from two keys', () => {
  const { authenticate, keys } = setup();
  keys.add({ accessKeyId: 'FakeAccessKeyId2', accessKeySecret: 'secret-of-1' });
  authenticate({ nonce: 'same' });

  expect(() => authenticate({ nonce: 'same', accessKeyId: 'FakeAccessKeyId2' })).not.toThrow();
});

test('does not use up the nonce of a request with a wrong signature', () => {
  const { authenticate } = setup();
  expect(() => authenticate({ nonce: 'n', signature: 'wrong' })).toThrow(
    expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
  );

  expect(() => authenticate({ nonce: 'n' })).not.toThrow();
});

test('remembers only the nonces of the last fifteen minutes', () => {
  const { authenticate, pass, authentication } = setup();
  for (let count = 0; count < 100; count += 1) {
    authenticate({ nonce: String(count) });
    pass(minute);
  }

  expect(authentication.nonceCount).toBe(15);
});

function setup(): {
  authenticate: (change: Partial<HmacSignedRequest>) => void;
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
    authenticate(change) {
      authentication.authenticate({
        action: 'GetSecretValue',
        version: '2016-01-20',
        accessKeyId: permanent.accessKeyId,
        securityToken: undefined,
        nonce: 'nonce',
        timestamp: formatDate(now),
        signature: 'signed with secret-of-1',
        stringToSign: 'the string to sign',
        sign: (secret) => `signed with ${secret}`,
        parameters: new Map(),
        ...change,
      });
    },
  };
}
