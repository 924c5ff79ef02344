import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { base, buildSite, builtPages, fileOf, output, serveSite } from './built-site.ts';
import type { SiteServer } from './built-site.ts';
import { addressesIn, problemOf } from './links.ts';

let server: SiteServer;
let browser: Browser;
beforeAll(async () => {
  await buildSite();
  server = await serveSite();
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  });
}, 600_000);
afterAll(async () => {
  await browser.close();
  await server.close();
});

interface OpenPage {
  readonly page: Page;
  /** Errors on the console, requests that failed, and responses with an error status. */
  readonly errors: string[];
}

async function openPage(options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const errors: string[] = [];
  page.on(
    'console',
    (message) => message.type() === 'error' && errors.push(`${page.url()} console: ${message.text()}`),
  );
  page.on('pageerror', (error) => errors.push(`${page.url()} ${String(error)}`));
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // Leaving a page cancels what it loads for the next one.
    if (reason !== 'net::ERR_ABORTED') errors.push(`${request.url()} failed on ${page.url()}: ${reason}`);
  });
  page.on('response', (response) => response.status() >= 400 && errors.push(`${response.url()} ${response.status()}`));
  return { page, errors };
}

test('every link and anchor of every page leads to something that exists', () => {
  const pages = builtPages();
  const links = pages.flatMap((page) => {
    const addresses = new Set(addressesIn(readFileSync(fileOf(page) ?? '', 'utf8')));
    return Array.from(addresses, (address) => ({ page, address, problem: problemOf(address, page) }));
  });
  console.log(`${links.length} links on ${pages.length} pages`);

  expect(links.filter(({ problem }) => problem !== undefined)).toEqual([]);
  expect(links.length).toBeGreaterThan(1_000);
});

test('a link to a missing page, anchor or file is found', () => {
  expect(problemOf(`${base}/errors#ERR_NONE`, '/')).toBe('has an anchor that does not exist');
  expect(problemOf(`${base}/no-page`, '/')).toBe('does not exist');
  expect(problemOf('/errors', '/')).toBe('is outside the site');
  expect(problemOf('https://github.com/kms-secrets/kms-secrets/blob/main/no-file.ts', '/')).toBe(
    'is not in the repository',
  );
  expect(problemOf(`${base}/errors#err_store`, '/')).toBeUndefined();
});

test('no page shows the directives of code blocks', () => {
  const shown = builtPages().filter((page) =>
    /<!--\s*(?:given|from|run)\b/u.test(readFileSync(fileOf(page) ?? '', 'utf8')),
  );

  expect(shown).toEqual([]);
});

test.each(['', 'zh/'])('%sllms.txt lists the pages, and llms-full.txt has their text', (folder) => {
  const list = readFileSync(join(output, folder, 'llms.txt'), 'utf8');
  const text = readFileSync(join(output, folder, 'llms-full.txt'), 'utf8');
  const urls = Array.from(list.matchAll(/\]\((\S+)\)/gu), ([, url = '']) => url);
  const inText = Array.from(
    text.matchAll(/\]\((https:\/\/(?:kms-secrets\.github\.io|github\.com\/kms-secrets)\/[^\s)]+)\)/gu),
    ([, url = '']) => url,
  );

  expect(urls.length).toBeGreaterThan(20);
  expect([...urls, ...inText].filter((url) => problemOf(url, '/') !== undefined)).toEqual([]);
  expect(text).toContain('GetSecretValue');
  expect(text).not.toContain('<!--');
});

test('no page causes an error, and none is wider than a phone', { timeout: 600_000 }, async () => {
  const { page, errors } = await openPage({ viewport: { width: 375, height: 812 } });
  const wide: string[] = [];
  for (const path of builtPages()) {
    await page.goto(server.url + path, { waitUntil: 'load' });
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    if (width > 375) wide.push(`${path} is ${width} px wide`);
  }

  expect(wide).toEqual([]);
  expect(errors).toEqual([]);
});

test.each(['light', 'dark'] as const)('the %s colour scheme of the system is used', async (colorScheme) => {
  const { page, errors } = await openPage({ colorScheme });
  await page.goto(`${server.url}/secret-lifecycle`);
  const isLighter = await page.evaluate<boolean>(`(() => {
    const { backgroundColor, color } = getComputedStyle(document.body);
    const [background, text] = [backgroundColor, color].map((value) => Number(/\\d+/u.exec(value)[0]));
    return background > text;
  })()`);

  expect(isLighter).toBe(colorScheme === 'light');
  expect(errors).toEqual([]);
});

test.each(['/', '/zh/', '/rotation', '/zh/rotation', '/secret-lifecycle', '/api/core'])(
  'the text of %s is readable without JavaScript',
  async (path) => {
    const { page } = await openPage({ javaScriptEnabled: false });
    await page.goto(server.url + path);

    expect(await page.locator('h1').first().isVisible()).toBe(true);
    expect((await page.locator('.vp-doc').innerText()).length).toBeGreaterThan(500);
  },
);

test('diagrams are pictures in the HTML', () => {
  const html = readFileSync(fileOf('/secret-lifecycle') ?? '', 'utf8');

  expect(html).toMatch(/<figure class="diagram" role="img" aria-label="[^"]{10,}"[^>]*><svg/u);
});

describe('search', () => {
  test.each([
    ['/zh/', '轮转', '/zh/rotation'],
    ['/zh/', '凭据', '/zh/'],
    ['/zh/', 'RRSA', '/zh/kubernetes'],
    ['/zh/', 'GetSecretValue', '/zh/'],
    ['/zh/', 'ERR_ACCESS_DENIED', '/zh/errors#err_access_denied'],
    ['/zh/', 'Rejected.Throttling', '/zh/errors'],
    ['/', 'rotation', '/rotation'],
    ['/', 'RRSA', '/alibaba-cloud'],
    ['/', 'GetSecretValue', '/'],
    ['/', 'ERR_ACCESS_DENIED', '/errors#err_access_denied'],
  ])('at %s finds %s', async (path, query, expected) => {
    const { page, errors } = await openPage();
    await page.goto(server.url + path);
    await page.locator('#local-search button').first().click();
    await page.locator('.VPLocalSearchBox input').fill(query);
    await page.locator('.VPLocalSearchBox .result').first().waitFor();
    const results = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll('.VPLocalSearchBox .result'), (link) => link.getAttribute('href'))`,
    );

    expect(results.slice(0, 10)).toContainEqual(expect.stringContaining(base + expected));
    expect(results.filter((href) => href.startsWith(`${base}/zh/`) !== (path === '/zh/'))).toEqual([]);
    expect(errors).toEqual([]);
  });
});

test('the links of the framework switch lead to the same guide for the other frameworks', async () => {
  const { page } = await openPage();
  await page.goto(`${server.url}/zh/start/express`);
  const current = page.locator('.framework-switch a[aria-current]');

  expect(await current.textContent()).toBe('Express');
  await page.locator('.framework-switch a', { hasText: 'NestJS' }).click();
  await page.waitForURL(`${server.url}/zh/start/nestjs`);
  expect(await current.textContent()).toBe('NestJS');
});
