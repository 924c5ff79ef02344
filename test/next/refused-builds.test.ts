import { beforeAll, describe, expect, test } from 'vitest';
import { build } from './fixture-app.ts';
import type { FixtureApp, FixtureOptions } from './fixture-app.ts';

/** Whoever reads the build's output knows which secret it is about, and what to change. */
const refused = (name: string, explanation: string): string => `getSecret("${name}") was called ${explanation}`;

const collectAllErrors = { experimental: { prerenderEarlyExit: false } };
const versions = [
  { title: 'Next 16', version: 'next' },
  { title: 'Next 15', version: 'next15' },
] as const;

describe.each(versions)('$title: the build fails', ({ version }) => {
  const { output, code } = built('prerendered', { version, settings: collectAllErrors });

  test.each([
    ['a page', 'static/page'],
    ['a route handler', 'static/route'],
  ])('where %s that is forced static would write the value into the output', (_, name) => {
    expect(output()).toContain(refused(name, 'while `next build` renders this route'));
    expect(output()).toContain("Remove `export const dynamic = 'force-static'`");
  });

  test('where a page must be static, and reads a secret', () => {
    expect(output()).toContain(refused('error/page', 'outside of a request.'));
    expect(output()).toContain('dynamic = "error"');
  });

  test('where the value would go into unstable_cache', () => {
    expect(output()).toContain(refused('unstable/cache', 'outside of a request.'));
  });

  test('as a whole', () => {
    expect(code()).toBe(1);
  });
});

describe("with cacheComponents, the build fails where the value would go into 'use cache'", () => {
  const { output, code } = built('use-cache', { settings: { cacheComponents: true, ...collectAllErrors } });

  test.each(['use/cache', 'use/cache/route'])('%s', (name) => {
    expect(output()).toContain(refused(name, 'outside of a request.'));
    expect(code()).toBe(1);
  });

  test('and where a page that waits for a secret is not inside <Suspense>, in the words of Next', () => {
    expect(output()).toMatch(/Error occurred prerendering page "\/blocking"/u);
  });
});

describe('the build fails in generateStaticParams', () => {
  const { output, code } = built('static-params', {});

  test('and names the secret', () => {
    expect(output()).toContain(refused('static/params', 'outside of a request.'));
    expect(code()).toBe(1);
  });
});

describe('the build fails where there can be no secrets, at the import', () => {
  const { output, code } = built('imported', {});

  test('of getSecret into a client component', () => {
    expect(output()).toContain("'server-only' cannot be imported from a Client Component module");
    expect(output()).toContain('app/page.jsx');
  });

  test('of the core into a client component', () => {
    expect(output()).toMatch(
      /\.\/test\/next\/staged\/\S+\/app\/core\/page\.jsx:2:1\s+Error: Export createSecretClient/u,
    );
    expect(output()).toContain('core/dist/only-for-nodejs.js');
  });

  test('of getSecret into a route on the edge', () => {
    expect(output()).toMatch(/\.\/test\/next\/staged\/\S+\/app\/edge\/route\.js:1:1\s+Error: Export getSecret/u);
    expect(output()).toContain('next/dist/edge-entry.js');
  });

  test('and no bundler panics', () => {
    expect(code()).toBe(1);
    expect(output()).not.toMatch(/panic|chunking context/iu);
  });
});

/** Built once for the tests of a group. */
function built(fixture: string, options: FixtureOptions): { output: () => string; code: () => number | null } {
  let app: FixtureApp | undefined;
  beforeAll(async () => {
    app = await build(fixture, options);
  }, 240_000);
  return { output: () => app?.output ?? '', code: () => app?.code ?? null };
}
