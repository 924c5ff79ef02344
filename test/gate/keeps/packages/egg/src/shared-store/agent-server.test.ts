import { describeStore } from '@kms-secrets/testing/contracts';
import { expect, test } from 'vitest';
import { AgentServer } from './agent-server.ts';

test('a store with its contract', () => {
  expect([AgentServer, describeStore]).toHaveLength(2);
});
