import { FakeClock } from '@kms-secrets/testing';
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { SomeModule } from './index.ts';
import { TerminusModule } from './terminus.ts';

test('an adapter with its framework', () => {
  expect([SomeModule, TerminusModule, Test, FakeClock]).toHaveLength(4);
});
