import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { sharedProvider } from './shared-provider.ts';

test('callers that ask at the same time are one call to the provider, and the next one is another', async () => {
  let calls = 0;
  const provider = sharedProvider(
    { getCredential: () => Promise.resolve({ accessKeyId: `FakeId-${(calls += 1)}` }) },
    new FakeClock(),
  );

  await Promise.all(Array.from({ length: 1_000 }, () => provider.getCredential()));

  expect(calls).toBe(1);
  expect(await provider.getCredential()).toEqual({ accessKeyId: 'FakeId-2' });
});

test('an error of the provider reaches all who asked, and is not kept', async () => {
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

test('a provider that hangs once does not hang for ever', async () => {
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
