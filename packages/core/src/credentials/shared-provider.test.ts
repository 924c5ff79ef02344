import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { sharedProvider } from './shared-provider.ts';

test('coalesces concurrent calls, and calls the provider again afterwards', async () => {
  let calls = 0;
  const provider = sharedProvider(
    { getCredential: () => Promise.resolve({ accessKeyId: `FakeId-${(calls += 1)}` }) },
    new FakeClock(),
  );

  await Promise.all(Array.from({ length: 1_000 }, () => provider.getCredential()));

  expect(calls).toBe(1);
  expect(await provider.getCredential()).toEqual({ accessKeyId: 'FakeId-2' });
});

test('rejects all concurrent calls if the provider fails, caches no error', async () => {
  let calls = 0;
  const provider = sharedProvider(
    {
      getCredential() {
        calls += 1;
        if (calls === 1) throw new Error('not yet');
        return Promise.resolve({ accessKeyId: 'FakeId' });
      },
    },
    new FakeClock(),
  );

  const outcomes = await Promise.allSettled([provider.getCredential(), provider.getCredential()]);

  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await provider.getCredential()).toEqual({ accessKeyId: 'FakeId' });
});

test('calls a provider again after a call that never settles', async () => {
  const clock = new FakeClock();
  let calls = 0;
  const provider = sharedProvider(
    {
      getCredential() {
        calls += 1;
        return calls === 1 ? new Promise(() => undefined) : Promise.resolve({ accessKeyId: 'FakeId' });
      },
    },
    clock,
  );
  void provider.getCredential();

  await clock.pass('16s');

  expect(await provider.getCredential()).toEqual({ accessKeyId: 'FakeId' });
});

test('discards credentials at the provider, and returns whether it has discarded them', () => {
  const discarded: string[] = [];
  const getCredential = (): Promise<object> => Promise.resolve({ accessKeyId: 'FakeId' });
  const discard = (accessKeyId: string): boolean => discarded.push(accessKeyId) > 1;
  const provider = sharedProvider({ getCredential, discard }, new FakeClock());

  expect(provider.discard?.('FakeId-1')).toBe(false);
  expect(provider.discard?.('FakeId-2')).toBe(true);
  expect(discarded).toEqual(['FakeId-1', 'FakeId-2']);
  expect(sharedProvider({ getCredential }, new FakeClock()).discard?.('FakeId')).toBe(false);
});
