import { Config } from '@alicloud/credentials';
import { FakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { Secret } from '../secret.ts';
import { edge } from './edge.ts';

test('an edge with its SDK', () => {
  const secret: Secret = {};
  expect([edge, secret, Config, FakeKms]).toHaveLength(4);
});
