import { expect, test } from 'vitest';
import { transport } from './transport.ts';

test('a transport in a folder of its own', () => {
  expect(transport).toBeDefined();
});
