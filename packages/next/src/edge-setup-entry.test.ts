import { expect, test } from 'vitest';
import { getSecretClient, register } from './edge-setup-entry.ts';

test('on the edge, register does nothing and getSecretClient says what to change', async () => {
  await expect(register()).resolves.toBeUndefined();
  expect(() => getSecretClient()).toThrow(/needs the Node\.js runtime.*set config\.runtime to "nodejs"/u);
});
