import { Config } from '@alicloud/credentials';
import { FakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { edge } from './edge.ts';

test('an edge with its SDK', () => {
  expect([edge, Config, FakeKms]).toHaveLength(3);
});
