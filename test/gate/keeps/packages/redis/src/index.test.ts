import { describeStore } from '@kms-secrets/testing/contracts';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

test('doors', () => expect([describeStore, Redis]).toBeDefined());
