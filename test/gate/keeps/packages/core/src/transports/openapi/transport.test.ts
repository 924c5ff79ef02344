import { FakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { now } from '../../clock.ts';
import { fetchSecret } from './transport.ts';

test('a transport in a folder of its own', () => {
  expect([fetchSecret({}), now, FakeKms]).toHaveLength(3);
});
