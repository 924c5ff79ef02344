import { describe, expect, test } from 'vitest';
import { version, versionTitle } from './next-version.ts';
import { buildOnce, refusal, reportAllErrors } from './refused-builds.ts';

describe(`${versionTitle}: the build fails`, () => {
  const { output, code } = buildOnce('prerendered', { version, settings: reportAllErrors });

  test.each([
    ['page', 'static/page'],
    ['route handler', 'static/route'],
  ])('when a %s with force-static reads a secret', (_, name) => {
    expect(output()).toContain(refusal(name, 'while `next build` renders this route'));
    expect(output()).toContain("Remove `export const dynamic = 'force-static'`");
  });

  test("when a page with dynamic = 'error' reads a secret", () => {
    expect(output()).toContain(refusal('error/page', 'outside of a request.'));
    expect(output()).toContain('dynamic = "error"');
  });

  test('when a page reads a secret inside unstable_cache', () => {
    expect(output()).toContain(refusal('unstable/cache', 'outside of a request.'));
  });

  test('with exit code 1', () => {
    expect(code()).toBe(1);
  });
});

describe(`${versionTitle}: the build fails in generateStaticParams`, () => {
  const { output, code } = buildOnce('static-params', { version });

  test('and names the secret', () => {
    expect(output()).toContain(refusal('static/params', 'outside of a request.'));
    expect(code()).toBe(1);
  });
});

describe(`${versionTitle}: the build fails if middleware.js reads a secret on the edge`, () => {
  const { output, code } = buildOnce('edge-middleware', { version });

  test('and says what to change', () => {
    expect(output()).toContain('@kms-secrets/next does not run on the edge runtime.');
    expect(output()).toContain('In middleware.ts of Next 15 set config.runtime to nodejs. In Next 16 rename');
    expect(code()).toBe(1);
  });
});

describe(`${versionTitle}: the build fails if a client component imports getSecret`, () => {
  const { output, code } = buildOnce('client-component', { version });

  test('and shows the import', () => {
    expect(output()).toContain('server-only');
    expect(output()).toContain('app/page.jsx');
    expect(code()).toBe(1);
  });
});
