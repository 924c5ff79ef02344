import { inspect } from 'node:util';
import type { CredentialsProvider } from '@kms-secrets/core';
import { expect } from 'vitest';
import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';

/** A provider of credentials, and the world that it gets them from. */
export interface CredentialsWorld {
  readonly provider: CredentialsProvider;
  /** How often anybody was asked for credentials until now. */
  readonly asked: () => number;
  /** From now on nobody gives any; the time in which a failure is remembered, if there is one, has gone by. */
  readonly refuse: () => Promise<void> | void;
  /** Credentials are given again, and the time in which a failure is remembered has gone by. */
  readonly relent: () => Promise<void> | void;
}

/** Opens a world of its own for each clause. */
export type OpenCredentials = () => Promise<CredentialsWorld> | CredentialsWorld;

/**
 * What a provider of credentials must do to be asked before every request. The secrets that its world hands out begin with
 * `s3cret-`.
 */
export function describeCredentials(name: string, open: OpenCredentials): void {
  describeContract(`${name} keeps the credentials contract`, credentialsClauses, open);
}

export const credentialsClauses: readonly Clause<OpenCredentials>[] = [
  clause('credentials have an id and a secret', async ({ provider }) => {
    const { accessKeyId = '', accessKeySecret = '' } = await provider.getCredential();

    expect([accessKeyId === '', accessKeySecret === '']).toEqual([false, false]);
  }),
  clause('a thousand callers at once are one request at most, and get the same', async ({ provider, asked }) => {
    const all = await Promise.all(Array.from({ length: 1_000 }, () => provider.getCredential()));

    expect(asked()).toBeLessThanOrEqual(1);
    expect(new Set(all.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
  }),
  clause('credentials that are still good are handed out again without asking', async ({ provider, asked }) => {
    await provider.getCredential();
    const before = asked();

    await provider.getCredential();

    expect(asked()).toBe(before);
  }),
  clause('a failure is an error that names what failed, and shows no secret', async ({ provider, refuse }) => {
    await refuse();

    const error: unknown = await provider.getCredential().catch((thrown: unknown) => thrown);

    expect(error instanceof Error && 'failure' in error ? typeof error.failure : 'no failure').toBe('string');
    expect(inspect(error, { depth: 9, showHidden: true }).includes('s3cret-')).toBe(false);
  }),
  clause(
    'after a failure there are credentials again as soon as somebody gives them',
    async ({ provider, refuse, relent }) => {
      await refuse();
      await provider.getCredential().catch(() => undefined);
      await relent();

      expect((await provider.getCredential()).accessKeyId).toBeTypeOf('string');
    },
  ),
  clause('nothing of the credentials shows when their provider is printed', async ({ provider }) => {
    await provider.getCredential();

    const printed = inspect(provider, { depth: 9, showHidden: true }) + JSON.stringify(provider);

    expect(printed.includes('s3cret-')).toBe(false);
  }),
];

function clause(name: string, check: (world: CredentialsWorld) => Promise<void>): Clause<OpenCredentials> {
  return { name, check: async (open) => check(await open()) };
}
