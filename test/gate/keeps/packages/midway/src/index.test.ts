import { FakeClock } from '@kms-secrets/testing';
import { createApp } from '@midwayjs/mock';
import { expect, test } from 'vitest';
import { SomeService } from './index.ts';

test('an adapter with its framework', () => {
  expect([SomeService, createApp, FakeClock]).toHaveLength(3);
});
