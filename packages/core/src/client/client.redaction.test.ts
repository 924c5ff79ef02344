import { inspect } from 'node:util';
import { FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { setUpClient, setUpClientWithStore, setUpWarmClient } from './client.fixture.ts';

test('does not quote what a hook throws', async () => {
  const { client, clock, kms, lines } = setUpClient({
    ttl: '5m',
    hook: {
      transform: (secret) => secret.withText((JSON.parse(secret.text()) as { password: string }).password),
    },
  });
  kms.put('db', 'v1', { value: '{"password":"s3cret-1"}' });
  await client.get('db');
  // The message of the SyntaxError contains the value.
  kms.put('db', 'v2', { value: 's3cret-2' });
  await clock.pass('6m');

  const error: unknown = await client.refresh('db').catch((reason: unknown) => reason);
  await client.get('db');

  const output = inspect(error, { depth: 9 }) + JSON.stringify(client.describe()) + lines.join();
  expect(output).toContain('SyntaxError was thrown');
  expect(output.includes('s3cret')).toBe(false);
});

test('does not quote what a listener throws', async () => {
  const { client, lines } = await setUpWarmClient();
  client.on('refreshed', ({ secret }) => void JSON.parse(secret.text()));

  await client.refresh('db');

  expect(lines.join()).toContain('A listener for "refreshed" failed: SyntaxError was thrown');
  expect(lines.join().includes('s3cret')).toBe(false);
});

test('printing the client shows no value, not even one queued for a store', async () => {
  const { client, clock, store } = setUpClientWithStore();
  store.fail('throw', 'write');
  await client.get('db');
  await clock.pass('5s');

  expect(client.describe().stores).toMatchObject([{ queued: 1 }]);
  expect(inspect([client, client.describe(), store], { depth: 20, showHidden: true }).includes('s3cret')).toBe(false);
});

test('a store name with a line break does not add a line to the log', async () => {
  const store = new FakeStore({ name: 'file store /tmp/a\n[warn] all is well' });
  const { client, clock, lines } = setUpClientWithStore({ store });
  store.fail('throw');

  await client.get('db');
  await clock.pass('5s');

  expect(lines.some((line) => line.includes('file store /tmp/a'))).toBe(true);
  expect(lines.join('').includes('\n')).toBe(false);
});
