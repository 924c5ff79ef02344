import { expect, test } from 'vitest';
import { guardedLogger } from './logger.ts';

test('handles the rejection of a logger', async () => {
  let rejections = 0;
  const count = (): void => void (rejections += 1);
  process.on('unhandledRejection', count);
  const reject = (): Promise<never> => Promise.reject(new Error('disk full'));

  guardedLogger({ debug: reject, info: reject, warn: reject, error: reject }).info('line');
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', count);

  expect(rejections).toBe(0);
});
