import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { sendWithRenewedIdentity } from './renewed-identity.ts';

interface Run {
  readonly sent: number;
  readonly discarded: number;
  readonly outcome: string;
}

/** Sends a request whose first attempt fails with `error`, after `takes` milliseconds. */
async function run(error: Error, { takes = 0, discards = true } = {}): Promise<Run> {
  const clock = new FakeClock();
  let sent = 0;
  let discarded = 0;
  const send = async (): Promise<Buffer> => {
    sent += 1;
    if (sent > 1) return Promise.resolve(Buffer.from('response'));
    clock.freeze(takes);
    throw error;
  };
  const discard = (): boolean => {
    discarded += 1;
    return discards;
  };
  const outcome = await sendWithRenewedIdentity(send, { discard, clock }).then(
    String,
    (reason: Error) => reason.message,
  );
  return { sent, discarded, outcome };
}

const rejected = (code?: string): FetchFailure => new FetchFailure('identity', 'rejected', { code });

test.each(['InvalidAccessKeyId.NotFound', 'InvalidSecurityToken.Expired', 'SignatureDoesNotMatch', 'Unauthorized'])(
  'repeats a request once with new credentials after %s',
  async (code) => {
    expect(await run(rejected(code))).toEqual({ sent: 2, discarded: 1, outcome: 'response' });
  },
);

test('does not repeat a request if there are no other credentials', async () => {
  expect(await run(rejected('InvalidAccessKeyId.NotFound'), { discards: false })).toEqual({
    sent: 1,
    discarded: 1,
    outcome: 'rejected',
  });
});

test.each([
  ['a failure without a code', new FetchFailure('unreachable', 'reset')],
  ['a refusal of the secret', new FetchFailure('denied', 'denied', { code: 'Forbidden.KeyNotFound' })],
  ['an error that is no failure of a fetch', Object.assign(new Error('bug'), { code: 'InvalidAccessKeyId' })],
])('%s discards no credentials and is not repeated', async (_, error) => {
  expect(await run(error)).toEqual({ sent: 1, discarded: 0, outcome: error.message });
});

test('signs a request again whose nonce KMS has received before', async () => {
  expect(await run(rejected('SignatureNonceUsed'))).toEqual({ sent: 2, discarded: 0, outcome: 'response' });
});

test.each([
  ['60 s', 60_000, 1],
  ['more than 60 s', 60_001, 2],
])('a date that is rejected after %s means a suspend or a wrong clock', async (_, takes, sent) => {
  expect((await run(rejected('InvalidTimeStamp.Expired'), { takes })).sent).toBe(sent);
});
