import { expect, test } from 'vitest';
import type { Attempt } from '../secret/errors.ts';
import type { FailureName } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import { deadlineError, fetchError, noProgress } from './fetch-error.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

const request = { name: 'prod/db', stage: 'ACSCurrent' };

function attempt(endpoint: string, failure: FailureName, message: string): Attempt {
  return { endpoint, failure, ms: 10, error: new FetchFailure(failure, message) };
}

const refused = attempt('kms.one', 'unreachable', 'kms.one: connect ECONNREFUSED.');
const skipped: Attempt = {
  ...attempt('kms.two', 'throttled', 'kms.two: skipped, Retry-After ends in 3 s; last error: Throttling.User.'),
  isSkipped: true,
};

test('lists each endpoint with its attempts and last error', () => {
  const failure = new FetchFailure('unreachable', 'kms.one: connect ECONNREFUSED.');

  const { message } = fetchError(request, failure, {
    attempts: [attempt('kms.one', 'unavailable', 'kms.one responded with status 503.'), skipped, refused],
    storeLines: ['file store /var/cache/app: no entry'],
  });

  expect(message.split('\n')).toEqual([
    'Secret "prod/db" (ACSCurrent) could not be fetched: all endpoints failed.',
    '  - kms.one: 2 attempts, last error (unreachable): kms.one: connect ECONNREFUSED.',
    '  - kms.two: skipped, Retry-After ends in 3 s; last error: Throttling.User.',
    '  - file store /var/cache/app: no entry',
    errorLink('ERR_SECRET_UNAVAILABLE'),
  ]);
});

test('names a final failure first, then the failures before it', () => {
  const failure = new FetchFailure('hookRejected', 'hook.transform did not return a Secret.');

  expect(fetchError(request, failure, { attempts: [refused] }).message.split('\n')).toEqual([
    'Secret "prod/db" (ACSCurrent) could not be fetched. hook.transform did not return a Secret.',
    '  - kms.one: 1 attempt, error (unreachable): kms.one: connect ECONNREFUSED.',
    errorLink('ERR_SECRET_UNAVAILABLE'),
  ]);
});

test('the cause of an outage is the last attempt, of a refusal the refusal', () => {
  const unreachable = new FetchFailure('unreachable', 'unreachable');
  const denied = new FetchFailure('denied', 'denied', { requestId: 'r-1' });

  expect(fetchError(request, unreachable, { attempts: [refused] })).toMatchObject({
    cause: refused.error,
    endpoint: 'kms.one',
  });
  expect(fetchError(request, denied, { attempts: [refused] })).toMatchObject({ cause: denied, requestId: 'r-1' });
});

test('a deadline error lists the attempts so far', () => {
  expect(deadlineError(request, 5_000, noProgress).message).toBe(
    `Secret "prod/db" (ACSCurrent) could not be read within its deadline of 5000 ms. No attempt ended in that time. ${errorLink('ERR_DEADLINE_EXCEEDED')}`,
  );
  expect(
    deadlineError({ name: 'prod/db', versionId: 'v1' }, 5_000, { attempts: [refused] }).message.split('\n'),
  ).toEqual([
    'Secret "prod/db" (version v1) could not be read within its deadline of 5000 ms.',
    '  - kms.one: 1 attempt, error (unreachable): kms.one: connect ECONNREFUSED.',
    errorLink('ERR_DEADLINE_EXCEEDED'),
  ]);
});
