import { generateKeyPairSync } from 'node:crypto';

import { expect, test } from 'vitest';

import { AccessKeys } from './access-keys.ts';
import type { GatewayKind, RegisteredClientKey } from './access-keys.ts';
import { Authentication } from './authentication.ts';
import type { RsaSignedRequest } from '../protocols/protocol.ts';
import { formatDate } from '../settable-clock.ts';

const start = Date.parse('2026-01-02T03:04:05Z');
const year = 365 * 86_400_000;
// These tests create no signature, so they use the key type that is fastest to generate.
const { publicKey } = generateKeyPairSync('ed25519');
const { publicKey: otherKey } = generateKeyPairSync('ed25519');
const clientKey: RegisteredClientKey = {
  keyId: 'KAAP.1',
  publicKey,
  gateways: ['shared'],
  expiresAt: start + year,
  canRead: (name) => name === 'db',
};

test('returns the read permission of the client key', () => {
  const { authenticate } = setup();

  const canRead = authenticate({});

  expect([canRead('db', 'cn-hangzhou'), canRead('other', 'cn-hangzhou')]).toEqual([true, false]);
});

test('rejects the signature of another key', () => {
  const { authenticate } = setup();

  expect(() => authenticate({ isSignedBy: (key) => key === otherKey })).toThrow(
    expect.objectContaining({ status: 400, code: 'SignatureDoesNotMatch' }),
  );
});

test.each([
  ['shared', 'instance'],
  ['instance', 'shared'],
] as const)('rejects a key for the %s gateway on the %s gateway', (own, other) => {
  const { authenticate, keys } = setup();
  keys.addClientKey({ ...clientKey, gateways: [own] });

  expect(() => authenticate({}, own)).not.toThrow();
  expect(() => authenticate({}, other)).toThrow(
    expect.objectContaining({ status: 403, code: 'Forbidden.NoPermission' }),
  );
  expect(() => authenticate({ isSignedBy: () => false }, other)).toThrow(
    expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
  );
});

test('rejects an expired client key as not found', () => {
  const { authenticate, pass } = setup();

  pass(year - 1);
  expect(() => authenticate({})).not.toThrow();
  pass(1);
  expect(() => authenticate({ nonce: 'another' })).toThrow(
    expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }),
  );
});

test('rejects unknown, disabled and removed client keys', () => {
  const { authenticate, keys } = setup();

  expect(() => authenticate({ accessKeyId: 'KAAP.2' })).toThrow(
    expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }),
  );
  keys.disable('KAAP.1');
  expect(() => authenticate({})).toThrow(expect.objectContaining({ status: 400, code: 'InvalidAccessKeyId.Inactive' }));
  keys.remove('KAAP.1');
  expect(() => authenticate({})).toThrow(expect.objectContaining({ status: 404, code: 'InvalidAccessKeyId.NotFound' }));
});

test('rejects a client key with a security token', () => {
  const { authenticate } = setup();

  expect(() => authenticate({ securityToken: 'token' })).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidSecurityToken.MismatchWithAccessKey' }),
  );
});

test('rejects RSA with an access key and HMAC with a client key', () => {
  const { authenticate, keys } = setup();
  const invalidMethod = expect.objectContaining({ status: 400, code: 'InvalidSignatureMethod' });

  expect(() => authenticate({ accessKeyId: 'FakeAccessKeyId1' })).toThrow(invalidMethod);
  expect(() => authenticate({ accessKeyId: 'STS.Fake1' })).toThrow(invalidMethod);
  expect(() => keys.secretFor('KAAP.1', undefined)).toThrow(invalidMethod);
});

test('rejects a repeated nonce', () => {
  const { authenticate } = setup();
  authenticate({ nonce: 'again' });

  expect(() => authenticate({ nonce: 'again' })).toThrow(expect.objectContaining({ code: 'SignatureNonceUsed' }));
});

test('requires the id of a client key to begin with KAAP.', () => {
  const { keys } = setup();

  expect(() => {
    keys.addClientKey({ ...clientKey, keyId: 'FakeAccessKeyId2' });
  }).toThrow('must begin with "KAAP."');
});

function setup(): {
  authenticate: (
    change: Partial<RsaSignedRequest>,
    gateway?: GatewayKind,
  ) => ReturnType<Authentication['authenticate']>;
  pass: (ms: number) => void;
  keys: AccessKeys;
} {
  let now = start;
  let nonceCount = 0;
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
    authenticate(change, gateway) {
      const request = {
        action: 'GetSecretValue',
        version: '2016-01-20',
        accessKeyId: 'KAAP.1',
        securityToken: undefined,
        nonce: String((nonceCount += 1)),
        timestamp: formatDate(now),
        signature: 'x',
        stringToSign: 'the string to sign',
        parameters: new Map(),
        isSignedBy: (key: unknown) => key === publicKey,
        ...change,
      };
      return authentication.authenticate(request, gateway);
    },
  };
}
