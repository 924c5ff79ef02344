import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { legibility } from './legibility.mjs';
import { startNext } from './next-process.ts';
import type { NextProcess } from './next-process.ts';
import { searchForSecrets, sentinel } from './sentinel-search.ts';

const app = join(import.meta.dirname, '../../apps/next-web');
const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
];

const token = 's3cret-status-token';
const authorized = { authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` };

let browser: Browser;
let kms: FakeKms;
let next: NextProcess;
/** Every response that the browser received. */
const received: { readonly url: string; readonly text: string }[] = [];

beforeAll(async () => {
  kms = await startFakeKms({ regions: ['cn-hangzhou'] });
  kms.put('prod/db', `${sentinel}db`);
  const account = JSON.stringify({ AccountName: 'shop', AccountPassword: `${sentinel}password` });
  kms.put('rds!shop', account, { type: 'Rds', extendedConfig: { SecretSubType: 'SingleUser' } });
  const settings = { secret_names: 'prod/db,rds!shop', SHUTDOWN_DELAY_MS: '0', STATUS_TOKEN: token };
  next = await startNext(app, 'start', { ...kms.environment(), ...settings });
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [...chromiumFlags, '--disable-component-update', '--disable-sync'],
  });
}, 60_000);
afterAll(async () => {
  await browser.close();
  await next.stop();
  await kms.close();
});

async function open(screen: { width?: number; colorScheme?: 'light' | 'dark' } = {}): Promise<Page> {
  const { width = 1_200, colorScheme = 'light' } = screen;
  const httpCredentials = { username: 'me', password: token };
  const page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme, httpCredentials });
  onTestFinished(() => page.close());
  page.on('response', async (response) => {
    received.push({ url: response.url(), text: await response.text().catch(() => '') });
  });
  await page.goto(`${next.url}/status`);
  return page;
}

const refresh = (name: string): Promise<Response> =>
  fetch(`${next.url}/secrets/${encodeURIComponent(name)}/refresh`, { method: 'POST' });

test.each(['/status', '/status/live', '/status?_rsc=1', '/status/', '/%73tatus', '/STATUS'])(
  '%s needs the token',
  async (path) => {
    const wrong = { authorization: `Basic ${Buffer.from('me:s3cret-other-token').toString('base64')}` };
    const responses = await Promise.all([
      fetch(next.url + path),
      fetch(next.url + path, { headers: wrong }),
      fetch(next.url + path, { headers: { RSC: '1' } }),
    ]);
    const texts = await Promise.all(responses.map((response) => response.text()));

    expect(responses.filter(({ status }) => status !== 401 && status !== 404)).toEqual([]);
    expect(texts.filter((text) => text.includes('prod/db'))).toEqual([]);
  },
);

test('the token opens the page; without it, the response is 401', async () => {
  const statusOf = async (path: string, headers = {}): Promise<number> =>
    (await fetch(next.url + path, { headers })).status;
  const { headers } = await fetch(`${next.url}/status`);

  expect(headers.get('www-authenticate')).toBe('Basic realm="status"');
  expect([await statusOf('/status', authorized), await statusOf('/status/live', authorized)]).toEqual([200, 200]);
});

test('without a token, the page is off', async () => {
  await using server = await startNext(app, 'start', { ...kms.environment(), SHUTDOWN_DELAY_MS: '0' });
  const paths = ['/status', '/status/live', '/stats'];

  const statuses = await Promise.all(paths.map(async (path) => (await fetch(server.url + path)).status));

  expect(statuses).toEqual([404, 404, 200]);
});

test('shows a rotation without a reload', async () => {
  const page = await open();
  const version = page.locator('[data-secret="prod/db"] code');
  const before = await version.getAttribute('title');
  await page.evaluate(() => Object.assign(globalThis, { isTheSamePage: true }));

  const versionId = kms.rotate('prod/db');
  await refresh('prod/db');
  await page.locator(`code[title="${versionId}"]`).waitFor();

  expect(before).not.toBe(versionId);
  expect(await page.evaluate(() => 'isTheSamePage' in globalThis)).toBe(true);
  expect(await page.getByRole('status').textContent()).toContain('Healthy');
  await expect.poll(() => page.locator('dt:text-is("Rotations") + dd strong').textContent()).toBe('1');
});

test('shows when KMS rotated a secret, and how much later the version arrived', async () => {
  const page = await open();
  const version = page.locator('[data-secret="rds!shop"] td[data-label="Version"]');
  expect(await version.textContent()).not.toContain('lag');

  await kms.rotateManaged('rds!shop');
  await refresh('rds!shop');

  await expect.poll(() => version.textContent()).toMatch(/rotated (?:just now|\d+ s ago), lag (?:under 1|\d+) s$/u);
});

test('shows an outage with its error, and the recovery', async () => {
  const page = await open();

  await kms.stop('cn-hangzhou');
  await refresh('prod/db');
  await page.getByRole('heading', { name: 'Degraded' }).waitFor();
  const secret = await page.locator('[data-secret="prod/db"]').textContent();
  const endpoint = await page.locator('[data-endpoint]').textContent();
  await kms.start('cn-hangzhou');
  await expect
    .poll(
      async () => {
        await Promise.all([refresh('prod/db'), refresh('rds!shop')]);
        return page.getByRole('status').textContent();
      },
      { timeout: 60_000, interval: 1_000 },
    )
    .toContain('Healthy');

  expect(secret).toContain('ERR_SECRET_UNAVAILABLE');
  expect(endpoint).toContain('Failing');
  // The box with the last failure ends with the outage.
  expect(await page.locator('[data-endpoint]').textContent()).not.toContain('unreachable');
});

const screens = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [1_200, 390].map((width) => ({ colorScheme, width })),
);

test.each(screens)('is legible in $colorScheme colours on a screen $width px wide', async (screen) => {
  const page = await open(screen);

  const { overflow, faint } = await page.evaluate(legibility);

  expect(overflow).toBe(0);
  expect(faint).toEqual([]);
});

test('keeps the last state on screen when the process does not respond', async () => {
  const page = await open();
  await page.route('**/status/live', (route) => route.abort());

  await page.getByRole('heading', { name: 'This process does not respond' }).waitFor();

  expect(await page.locator('[data-secret]').count()).toBe(2);
});

test('says that the process does not respond when it hangs, also in the title', async () => {
  const page = await open();
  await expect.poll(() => page.title()).toBe('Healthy · Secrets');
  await page.route('**/status/live', () => {});

  await page.getByRole('heading', { name: 'This process does not respond' }).waitFor();

  await expect.poll(() => page.title()).toBe('No response · Secrets');
});

test('the search shows the secrets whose name matches', async () => {
  const page = await open();
  await page.getByLabel('Search secrets').fill('shop');

  await expect.poll(() => page.locator('[data-secret]').count()).toBe(1);
  expect(await page.locator('[data-secret]').getAttribute('data-secret')).toBe('rds!shop');
});

test('sends no secret value to the browser and has none in its build', async () => {
  const page = await open();
  const payload = await (await fetch(`${next.url}/status`, { headers: { RSC: '1', ...authorized } })).text();
  await page.waitForLoadState('networkidle').catch(() => {});
  const scripts = received.filter(({ url }) => url.includes('/_next/static/') && url.endsWith('.js'));

  const { searched, found } = await searchForSecrets(join(app, '.next'));

  console.log(
    `next-web: ${received.length} responses (${scripts.length} scripts) and ${searched} files of .next searched, ` +
      `${found.length} files contain a value`,
  );
  expect(payload).toContain('prod/db');
  expect(scripts.length).toBeGreaterThan(0);
  expect([...received.map(({ text }) => text), payload].filter((text) => text.includes(sentinel)).length).toBe(0);
  expect(found).toEqual([]);
  expect(next.output().includes(sentinel)).toBe(false);
});
