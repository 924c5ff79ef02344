import { expect, test } from 'vitest';

import { brokenClauses } from './contract.ts';
import { credentialsClauses, describeCredentials } from './credentials.ts';
import type { CredentialsWorld } from './credentials.ts';

/** What a provider may get wrong. */
interface Breakage {
  readonly asksEachTime?: boolean;
  readonly givesHalf?: boolean;
  readonly tellsSecret?: boolean;
  readonly namesNoFailure?: boolean;
  readonly failsForEver?: boolean;
  readonly shows?: boolean;
}

function world(breakage: Breakage = {}): CredentialsWorld {
  let asked = 0;
  let isRefused = false;
  let hasFailed = false;
  let held: Promise<{ accessKeyId?: string; accessKeySecret?: string }> | undefined;
  const ask = (): typeof held => {
    asked += 1;
    if (isRefused || (breakage.failsForEver === true && hasFailed)) {
      hasFailed = true;
      held = undefined;
      const failure = breakage.namesNoFailure === true ? {} : { failure: 'denied' };
      return Promise.reject(Object.assign(new Error(breakage.tellsSecret === true ? 's3cret-key' : 'no'), failure));
    }
    const half = { accessKeyId: `FakeId-${breakage.asksEachTime === true ? asked : 1}` };
    return Promise.resolve(breakage.givesHalf === true ? half : { ...half, accessKeySecret: 's3cret-key' });
  };
  return {
    provider: {
      getCredential() {
        const answer = (breakage.asksEachTime === true ? undefined : held) ?? ask() ?? Promise.resolve({});
        if (!isRefused && !hasFailed) held = answer;
        return answer;
      },
      ...(breakage.shows === true ? { key: 's3cret-key' } : {}),
    },
    asked: () => asked,
    refuse() {
      isRefused = true;
    },
    relent() {
      isRefused = false;
    },
  };
}

describeCredentials('a provider that holds what it was given', () => world());

test.each<[Breakage, string]>([
  [{ givesHalf: true }, 'credentials have an id and a secret'],
  [{ asksEachTime: true }, 'a thousand callers at once are one request at most, and get the same'],
  [{ asksEachTime: true }, 'credentials that are still good are handed out again without asking'],
  [{ tellsSecret: true }, 'a failure is an error that names what failed, and shows no secret'],
  [{ namesNoFailure: true }, 'a failure is an error that names what failed, and shows no secret'],
  [{ failsForEver: true }, 'after a failure there are credentials again as soon as somebody gives them'],
  [{ shows: true }, 'nothing of the credentials shows when their provider is printed'],
])('a provider that is broken is found out, number %#', async (breakage, clause) => {
  expect(await brokenClauses(credentialsClauses, () => world(breakage))).toContain(clause);
});
