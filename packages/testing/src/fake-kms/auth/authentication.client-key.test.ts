import { generateKeyPairSync } from 'node:crypto';

import { expect, test } from 'vitest';

import { AccessKeys } from './access-keys.ts';
import type { GatewayKind, RegisteredClientKey } from './access-keys.ts';
import { Authentication } from './authentication.ts';
import type { KeySignedRequest } from '../protocols/protocol.ts';
import { formatDate } from '../settable-clock.ts';

const start = Date.parse('2026-01-02T03:04:05Z');
const year = 365 * 86_400_000;
// No signature is made here, so the quickest kind of key will do.
const { publicKey } = generateKeyPairSync('ed25519');
const { publicKey: otherKey } = generateKeyPairSync('ed25519');
const clientKey: RegisteredClientKey = {
  keyId: 'KAAP.1',
  publicKey,
  gateways: ['shared'],
  expiresAt: start + year,
  rights: (name) => name === 'db',
};

test('a rightly signed request passes, with what its key may read', () => {
  const { check } = setup();

  const rights = check({});

  expect([rights('db', 'cn-hangzhou'), rights('other', 'cn-hangzhou')]).toEqual([true, false]);
});

test('the signature of another key does not match', () => {
  const { check } = setup();

  expect(() => check({ isSignedBy: (key) => key === otherKey })).toThrow(
    expect.objectContaining({ status: 400, code: 'SignatureDoesNotMatch' }),
  );
});

test.each([
  ['shared', 'instance'],
  ['instance', 'shared'],
] as const)('a key for the %s gateway is forbidden on the other one', (own, other) => {
  const { check, keys } = setup();
  keys.addClientKey({ ...clientKey, gateways: [own] });

  expect(() => check({}, own)).not.toThrow();
  expect(() => check({}, other)).toThrow(expect.objectContaining({ status: 403, code: 'Forbidden.NoPermission' }));
  expect(() => check({ isSignedBy: () => false }, other)).toThrow(
    expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
  );
});

test('a key is good until it expires, and not found from then on', () => {
  const { check, pass } = setup();

  pass(year - 1);
  expect(() => check({})).not.toThrow();
  pass(1);
  expect(() => check({ nonce: 'another' })).toThrow(
    expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }),
  );
});

test('an unknown key is not found, a disabled one is inactive, a removed one is not found again', () => {
  const { check, keys } = setup();

  expect(() => check({ accessKeyId: 'KAAP.2' })).toThrow(
    expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }),
  );
  keys.disable('KAAP.1');
  expect(() => check({})).toThrow(expect.objectContaining({ status: 400, code: 'InvalidAccessKeyId.Inactive' }));
  keys.remove('KAAP.1');
  expect(() => check({})).toThrow(expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }));
});

test('a client key goes with no token', () => {
  const { check } = setup();

  expect(() => check({ securityToken: 'token' })).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidSecurityToken.MismatchWithAccessKey' }),
  );
});

test('an access key does not sign as a client key does, nor a client key as an access key', () => {
  const { check, keys } = setup();
  const wrongMethod = expect.objectContaining({ status: 400, code: 'InvalidSignatureMethod' });

  expect(() => check({ accessKeyId: 'FakeAccessKeyId1' })).toThrow(wrongMethod);
  expect(() => check({ accessKeyId: 'STS.Fake1' })).toThrow(wrongMethod);
  expect(() => keys.secretOf('KAAP.1', undefined)).toThrow(wrongMethod);
});

test('a nonce is good once, as for every other key', () => {
  const { check } = setup();
  check({ nonce: 'again' });

  expect(() => check({ nonce: 'again' })).toThrow(expect.objectContaining({ code: 'SignatureNonceUsed' }));
});

test('an id of another form is not taken for that of a client key', () => {
  const { keys } = setup();

  expect(() => {
    keys.addClientKey({ ...clientKey, keyId: 'FakeAccessKeyId2' });
  }).toThrow('begins with "KAAP."');
});

function setup(): {
  check: (change: Partial<KeySignedRequest>, gateway?: GatewayKind) => ReturnType<Authentication['check']>;
  pass: (ms: number) => void;
  keys: AccessKeys;
} {
  let now = start;
  let nonces = 0;
  const clock = { date: () => now };
  const keys = new AccessKeys({ clock });
  keys.add({ accessKeyId: 'FakeAccessKeyId1', accessKeySecret: 'secret-of-1' });
  const temporary = { accessKeyId: 'STS.Fake1', accessKeySecret: 'secret-of-sts', securityToken: 'token' };
  keys.addTemporary({ ...temporary, expiresAt: start + year });
  keys.addClientKey(clientKey);
  const authentication = new Authentication({ keys, clock });
  return {
    keys,
    pass(ms) {
      now += ms;
    },
    check(change, gateway) {
      const request = {
        action: 'GetSecretValue',
        version: '2016-01-20',
        accessKeyId: 'KAAP.1',
        securityToken: undefined,
        nonce: String((nonces += 1)),
        timestamp: formatDate(now),
        signature: 'x',
        stringToSign: 'the text to sign',
        parameters: new Map(),
        isSignedBy: (key: unknown) => key === publicKey,
        ...change,
      };
      return authentication.check(request, gateway);
    },
  };
}
