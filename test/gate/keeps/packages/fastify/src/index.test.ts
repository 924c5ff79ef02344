import { describeAdapter } from '@kms-secrets/testing';
import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { answer } from './index.ts';

test('an adapter with its framework', () => {
  expect([answer, fastify, describeAdapter]).toHaveLength(3);
});
