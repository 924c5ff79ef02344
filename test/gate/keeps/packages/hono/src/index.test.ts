import { serve } from '@hono/node-server';
import { describeAdapter } from '@kms-secrets/testing';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { answer } from './index.ts';

test('an adapter with its framework', () => {
  expect([answer, Hono, serve, describeAdapter]).toHaveLength(4);
});
