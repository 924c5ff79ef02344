import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { used } from './uses-what-it-may.ts';

test('a room and what it may import', () => {
  expect([used, FakeClock]).toHaveLength(2);
});
