import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { entry } from './cache/entry.ts';
import { client } from './client.ts';

test('the client with its rooms', () => {
  expect([client({}), entry({}), FakeClock]).toHaveLength(3);
});
