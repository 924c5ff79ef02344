import { inspect } from 'node:util';
import type { CredentialsProvider } from '@kms-secrets/core';
import { expect } from 'vitest';
import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';
import { isError } from '@kms-secrets/core';

/** A credentials provider, and control over the token service behind it. Secret values must begin with `s3cret-`. */
export interface CredentialsFixture {
  readonly provider: CredentialsProvider;
  /** How many requests for credentials the token service has received. */
  readonly requestCount: () => number;
  /** Makes the token service reject requests. Also lets the provider's negative cache, if it has one, expire. */
  readonly startFailing: () => Promise<void> | void;
  /** Makes the token service issue credentials again, and lets the negative cache expire. */
  readonly stopFailing: () => Promise<void> | void;
}

/** Opens a new fixture for each clause. */
export type OpenCredentials = () => Promise<CredentialsFixture> | CredentialsFixture;

/** Tests a credentials provider against the contract that lets a transport call it before every request. */
export function describeCredentials(name: string, open: OpenCredentials): void {
  describeContract(`${name} meets the credentials contract`, credentialsClauses, open);
}

export const credentialsClauses: readonly Clause<OpenCredentials>[] = [
  clause('credentials have an id and a secret', async ({ provider }) => {
    const { accessKeyId = '', accessKeySecret = '' } = await provider.getCredential();

    expect([accessKeyId === '', accessKeySecret === '']).toEqual([false, false]);
  }),
  clause('1,000 concurrent calls make at most one request and get the same key', async ({ provider, requestCount }) => {
    const all = await Promise.all(Array.from({ length: 1_000 }, () => provider.getCredential()));

    expect(requestCount()).toBeLessThanOrEqual(1);
    expect(new Set(all.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
  }),
  clause('valid credentials are reused without a request', async ({ provider, requestCount }) => {
    await provider.getCredential();
    const before = requestCount();

    await provider.getCredential();

    expect(requestCount()).toBe(before);
  }),
  clause('a failure is an error with a failure name and without a secret', async ({ provider, startFailing }) => {
    await startFailing();

    const error: unknown = await provider.getCredential().catch((thrown: unknown) => thrown);

    expect(isError(error) && 'failure' in error ? typeof error.failure : 'no failure').toBe('string');
    expect(inspect(error, { depth: 9, showHidden: true }).includes('s3cret-')).toBe(false);
  }),
  clause('the provider recovers from a failure', async ({ provider, startFailing, stopFailing }) => {
    await startFailing();
    await provider.getCredential().catch(() => undefined);
    await stopFailing();

    expect((await provider.getCredential()).accessKeyId).toBeTypeOf('string');
  }),
  clause('a printed provider shows no secret', async ({ provider }) => {
    await provider.getCredential();

    const printed = inspect(provider, { depth: 9, showHidden: true }) + JSON.stringify(provider);

    expect(printed.includes('s3cret-')).toBe(false);
  }),
];

function clause(name: string, check: (fixture: CredentialsFixture) => Promise<void>): Clause<OpenCredentials> {
  return { name, check: async (open) => check(await open()) };
}
