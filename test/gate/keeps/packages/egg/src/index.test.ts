import { describeAdapter } from '@kms-secrets/testing';
import { startEgg } from 'egg';
import { expect, test } from 'vitest';
import { answer } from './index.ts';

test('an adapter with its framework', () => {
  expect([answer, startEgg, describeAdapter]).toHaveLength(3);
});
