import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { now } from '../clock.ts';
import { entry } from './entry.ts';

test('a room with the vocabulary', () => {
  expect([entry({}), now, FakeClock]).toHaveLength(3);
});
