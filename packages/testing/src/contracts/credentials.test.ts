import { expect, test } from 'vitest';

import { failedClauses } from './contract.ts';
import { credentialsClauses, describeCredentials } from './credentials.ts';
import type { CredentialsFixture } from './credentials.ts';

interface Defects {
  readonly requestsEachTime?: boolean;
  readonly omitsSecret?: boolean;
  readonly leaksSecretInError?: boolean;
  readonly omitsFailureName?: boolean;
  readonly neverRecovers?: boolean;
  readonly leaksSecretWhenPrinted?: boolean;
}

function openFixture(defects: Defects = {}): CredentialsFixture {
  let requests = 0;
  let isFailing = false;
  let hasFailed = false;
  let cached: Promise<{ accessKeyId?: string; accessKeySecret?: string }> | undefined;
  const request = (): NonNullable<typeof cached> => {
    requests += 1;
    if (isFailing || (defects.neverRecovers === true && hasFailed)) {
      hasFailed = true;
      cached = undefined;
      const fields = defects.omitsFailureName === true ? {} : { failure: 'denied' };
      const message = defects.leaksSecretInError === true ? 's3cret-key' : 'no';
      return Promise.reject(Object.assign(new Error(message), fields));
    }
    const id = { accessKeyId: `FakeId-${defects.requestsEachTime === true ? requests : 1}` };
    return Promise.resolve(defects.omitsSecret === true ? id : { ...id, accessKeySecret: 's3cret-key' });
  };
  return {
    provider: {
      getCredential() {
        const credentials = (defects.requestsEachTime === true ? undefined : cached) ?? request();
        if (!isFailing && !hasFailed) cached = credentials;
        return credentials;
      },
      ...(defects.leaksSecretWhenPrinted === true ? { key: 's3cret-key' } : {}),
    },
    requestCount: () => requests,
    startFailing() {
      isFailing = true;
    },
    stopFailing() {
      isFailing = false;
    },
  };
}

describeCredentials('a provider that caches its credentials', () => openFixture());

test.each<[Defects, string]>([
  [{ omitsSecret: true }, 'credentials have an id and a secret'],
  [{ requestsEachTime: true }, '1,000 concurrent calls make at most one request and get the same key'],
  [{ requestsEachTime: true }, 'valid credentials are reused without a request'],
  [{ leaksSecretInError: true }, 'a failure is an error with a failure name and without a secret'],
  [{ omitsFailureName: true }, 'a failure is an error with a failure name and without a secret'],
  [{ neverRecovers: true }, 'the provider recovers from a failure'],
  [{ leaksSecretWhenPrinted: true }, 'a printed provider shows no secret'],
])('the contract finds the defect %o', async (defects, clause) => {
  expect(await failedClauses(credentialsClauses, () => openFixture(defects))).toContain(clause);
});
