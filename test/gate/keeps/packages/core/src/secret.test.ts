import { setTimeout as sleep } from 'node:timers/promises';
import { FakeClock } from '@kms-secrets/testing';
import { property } from 'fast-check';
import { expect, test } from 'vitest';
import type { Secret } from './secret.ts';

test('tools of a test', async () => {
  const secret: Secret = {};
  await sleep(1);
  expect([secret, FakeClock, property]).toHaveLength(3);
});
