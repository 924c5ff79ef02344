import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { isWorthSigningAgain } from './renewed-identity.ts';

interface Decision {
  readonly repeats: boolean;
  readonly discarded: number;
}

/** Decides on a request that failed with `failure`, after `took` milliseconds. */
function decide(failure: FetchFailure, { took = 0, discards = true } = {}): Decision {
  let discarded = 0;
  const discard = (): boolean => {
    discarded += 1;
    return discards;
  };
  return { repeats: isWorthSigningAgain(failure, { took, discard }), discarded };
}

const rejected = (code?: string): FetchFailure => new FetchFailure('identity', 'rejected', { code });

test.each(['InvalidAccessKeyId.NotFound', 'InvalidSecurityToken.Expired', 'SignatureDoesNotMatch', 'Unauthorized'])(
  'repeats a request with new credentials after %s',
  (code) => {
    expect(decide(rejected(code))).toEqual({ repeats: true, discarded: 1 });
  },
);

test('does not repeat a request if there are no other credentials', () => {
  expect(decide(rejected('InvalidAccessKeyId.NotFound'), { discards: false })).toEqual({
    repeats: false,
    discarded: 1,
  });
});

test.each([
  ['a failure without a code', new FetchFailure('unreachable', 'reset')],
  ['a refusal of the secret', new FetchFailure('denied', 'denied', { code: 'Forbidden.KeyNotFound' })],
])('%s discards no credentials and is not repeated', (_, failure) => {
  expect(decide(failure)).toEqual({ repeats: false, discarded: 0 });
});

test('signs a request again whose nonce KMS has received before', () => {
  expect(decide(rejected('SignatureNonceUsed'))).toEqual({ repeats: true, discarded: 0 });
});

test.each([
  ['60 s', 60_000, false],
  ['more than 60 s', 60_001, true],
])('a date that is rejected after %s means a suspend or a wrong clock', (_, took, repeats) => {
  expect(decide(rejected('InvalidTimeStamp.Expired'), { took }).repeats).toBe(repeats);
});
