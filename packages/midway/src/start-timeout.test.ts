import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { startApp } from './midway-app.fixture.ts';

// Midway 3 has no limit for the start: this file runs with Midway 4 only.
test('a start with a KMS that hangs names the secret and the endpoint before core.configLoadTimeout', async () => {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  kms.fail('hang');
  const error = startApp({ client: { endpoints: [kms], clock }, preload: ['db'] }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  await expect.poll(() => kms.requests.length).toBe(1);
  await clock.pass('9s');

  expect(await error).toMatchObject({
    code: 'ERR_SECRET_SET',
    message: expect.stringMatching(/ db: [^]*kms\.example: 2 attempts, last error[^]*did not respond/u) as string,
  });
});
