import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quotedOptions, withDefaults } from '../../scripts/quoted-defaults.mjs';

function read(document: string): string {
  return readFileSync(join(import.meta.dirname, '../..', document), 'utf8');
}

const chinese = [
  'docs/zh/behaviour.md',
  'docs/zh/kubernetes.md',
  'docs/zh/operations.md',
  'docs/zh/secret-lifecycle.md',
];

test.each([
  'docs/behaviour.md',
  'docs/faults.md',
  'docs/secret-lifecycle.md',
  'packages/core/README.md',
  'packages/next/README.md',
  ...chinese,
])('%s quotes the defaults of the option table', (document) => {
  const text = read(document);

  expect(quotedOptions(text)).not.toEqual([]);
  expect(withDefaults(text) === text).toBe(true);
});

test.each(chinese)('%s quotes the options that the English page quotes', (document) => {
  expect(quotedOptions(read(document))).toEqual(quotedOptions(read(document.replace('/zh/', '/'))));
});

test('docs/behaviour.md quotes the defaults that its promises depend on', () => {
  expect(quotedOptions(read('docs/behaviour.md'))).toEqual([
    'attemptTimeout',
    'deadline',
    'hedge.share',
    'limits.concurrentRequests',
    'limits.maxEntries',
    'limits.maxPinned',
    'limits.requestsPerSecond',
    'negativeTtl',
    'readyTimeout',
    'retry.baseDelay',
    'retry.maxAttempts',
    'retry.maxDelay',
    'staleDeadline',
    'staleIfError',
    'storeTimeout',
    'ttl',
  ]);
});

test.each([
  ['`deadline` (9 s)', '`deadline` (10 s)'],
  ['(`hedge.share`, 20%)', '(`hedge.share`, 10%)'],
  ['`limits.maxEntries` (1)', '`limits.maxEntries` (100,000)'],
  ['`staleIfError` (1 h) and `ttl` (60 min)', '`staleIfError` (24 h) and `ttl` (1 h)'],
  ['`deadline`（9 秒）', '`deadline`（10 秒）'],
  ['（`hedge.share`，20%）', '（`hedge.share`，10%）'],
  ['`staleIfError`（1 小时）和 `storeTimeout`（0.5 秒）', '`staleIfError`（24 小时）和 `storeTimeout`（500 毫秒）'],
  ['`failing` (503), `deadline` (a duration)', '`failing` (503), `deadline` (a duration)'],
])('corrects %s', (quoted, corrected) => {
  expect(withDefaults(quoted)).toBe(corrected);
});
