import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { setUpClient, setUpWarmClient } from './client.fixture.ts';

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
