import { readdirSync } from 'node:fs';
import { server } from '@kms-secrets/testing';
import { expect, test } from 'vitest';

test('programs and packages by their doors', () => {
  expect([readdirSync, server]).toHaveLength(2);
});
