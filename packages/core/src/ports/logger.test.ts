import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { guardedLogger } from './logger.ts';

test.each([
  ['this', (): Promise<never> => Promise.reject(new Error('disk full'))],
  ['another', () => runInNewContext('Promise.reject(new Error("disk full"))') as Promise<never>],
])('handles the rejection of a logger of %s realm', async (_, reject) => {
  let rejections = 0;
  const count = (): void => void (rejections += 1);
  process.on('unhandledRejection', count);

  guardedLogger({ debug: reject, info: reject, warn: reject, error: reject }).info('line');
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', count);

  expect(rejections).toBe(0);
});
