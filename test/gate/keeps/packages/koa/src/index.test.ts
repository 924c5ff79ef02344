import { describeAdapter } from '@kms-secrets/testing';
import Koa from 'koa';
import { expect, test } from 'vitest';
import { answer } from './index.ts';

test('an adapter with its framework', () => {
  expect([answer, Koa, describeAdapter]).toHaveLength(3);
});
