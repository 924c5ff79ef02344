import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { edge } from './edge.ts';

test('an edge with a module of Node', () => {
  expect([edge, createRequire]).toHaveLength(2);
});
