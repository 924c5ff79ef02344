import { expect, test } from 'vitest';
import { proxyPort } from './proxy-tunnel.ts';

test.each([
  ['http://proxy', 80],
  ['https://proxy', 443],
  ['http://proxy:8080', 8080],
  ['https://proxy:3128', 3128],
])('the port of %s is %i', (url, port) => {
  expect(proxyPort(new URL(url))).toBe(port);
});
