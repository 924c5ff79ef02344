import { expect, test } from 'vitest';
import { milliseconds } from '../time/duration.ts';
import type { Duration } from '../time/duration.ts';
import { parseIdentity } from './identity.ts';

test.each([
  ['returns', () => ({ accessKeyId: 'id', accessKeySecret: 's3cret-key' })],
  ['resolves to', () => Promise.resolve({ accessKeyId: 'id', accessKeySecret: 's3cret-key' })],
])('a function that %s an access key is a credentials provider', async (_how, fetchCredentials) => {
  const outcome = parseIdentity(fetchCredentials);

  const provider = outcome !== undefined && 'value' in outcome ? outcome.value : undefined;
  if (provider === undefined || !('getCredential' in provider)) throw new Error('No provider.');
  expect((await provider.getCredential()).accessKeyId).toBe('id');
});

test('a function that throws rejects', async () => {
  const outcome = parseIdentity(() => {
    throw new Error('no credentials');
  });

  const provider = outcome !== undefined && 'value' in outcome ? outcome.value : undefined;
  if (provider === undefined || !('getCredential' in provider)) throw new Error('No provider.');
  await expect(provider.getCredential()).rejects.toThrow('no credentials');
});

test('a duration may come from a string variable', () => {
  const fromEnvironment: string = '15m';
  const ttl: Duration = fromEnvironment;

  expect(milliseconds(ttl)).toBe(900_000);
});
