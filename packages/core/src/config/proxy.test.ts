import { expect, test } from 'vitest';
import { proxyFor } from './proxy.ts';

const host = 'kms.cn-hangzhou.aliyuncs.com';

test('uses no proxy without a variable', () => {
  expect(proxyFor(host, {})).toEqual({});
  expect(proxyFor(host, { HTTPS_PROXY: ' ', HTTP_PROXY: 'http://proxy.test:1' })).toEqual({});
  expect(proxyFor(host, { HTTPS_PROXY: '""' })).toEqual({});
});

test.each([
  [{ HTTPS_PROXY: 'http://proxy.test:3128' }, 'http://proxy.test:3128/'],
  [{ https_proxy: 'https://proxy.test' }, 'https://proxy.test/'],
  [{ HTTPS_PROXY: 'proxy.test:3128' }, 'http://proxy.test:3128/'],
  [{ HTTPS_PROXY: '"http://proxy.test:3128"' }, 'http://proxy.test:3128/'],
  [{ ALL_PROXY: 'http://all.test:1' }, 'http://all.test:1/'],
  [{ ALL_PROXY: 'http://all.test:1', HTTPS_PROXY: 'http://proxy.test:1' }, 'http://proxy.test:1/'],
  [{ HTTPS_PROXY: 'http://large.test:1', https_proxy: 'http://small.test:1' }, 'http://small.test:1/'],
])('uses the proxy of %j', (environment, proxy) => {
  expect(proxyFor(host, environment).proxy?.href).toBe(proxy);
});

test.each([
  '*',
  host,
  'cn-hangzhou.aliyuncs.com',
  '.aliyuncs.com',
  '*.aliyuncs.com',
  '"aliyuncs.com,localhost"',
  'other.test, KMS.cn-hangzhou.ALIYUNCS.com',
  'other.test kms.cn-hangzhou.aliyuncs.com:443',
])('NO_PROXY=%j bypasses the proxy', (noProxy) => {
  expect(proxyFor(host, { HTTPS_PROXY: 'http://proxy.test:1', NO_PROXY: noProxy })).toEqual({});
});

test.each(['', 'aliyuncs.co', 'hangzhou.aliyuncs.com', 'kms.cn-hangzhou.aliyuncs.com:8443', 'localhost', '10.0.0.0/8'])(
  'NO_PROXY=%j does not bypass the proxy',
  (noProxy) => {
    const { proxy } = proxyFor(host, { HTTPS_PROXY: 'http://proxy.test:1', NO_PROXY: noProxy });

    expect(proxy).toBeDefined();
  },
);

test.each([
  ['127.0.0.1:8443', '127.0.0.1', true],
  ['10.1.2.3', '10.0.0.0/8', true],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['[fd00::1]:8443', 'fd00::/8', true],
  ['[::1]:8443', '[::1]', true],
  ['127.0.0.1:8443', '0.0.1', false],
  ['10.1.2.3', '10.0.0.0/99', false],
  ['kms.test:8443', 'kms.test:8443', true],
])('%s with NO_PROXY=%s: bypassed is %s', (address, noProxy, isBypassed) => {
  const { proxy } = proxyFor(address, { HTTPS_PROXY: 'http://proxy.test:1', NO_PROXY: noProxy });

  expect(proxy === undefined).toBe(isBypassed);
});

test.each([
  'socks5://user:s3cret-1@proxy.test:1080',
  'http://user:s3cret-1@',
  'http://user:s3cret-%zz@proxy.test',
  'http://s3cret-1:x y@ß:99999',
])('rejects an unusable proxy without showing its URL', (value) => {
  const { proxy, issue } = proxyFor(host, { HTTPS_PROXY: value });

  expect(proxy).toBeUndefined();
  expect(issue).toMatchObject({ key: 'proxy', source: 'HTTPS_PROXY' });
  expect(JSON.stringify(issue)).not.toContain('s3cret-');
});
