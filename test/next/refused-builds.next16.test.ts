import { describe, expect, test } from 'vitest';
import { buildOnce, refusal, reportAllErrors } from './refused-builds.ts';

describe('Next 16 refuses to build an app that imports', () => {
  const { output, code } = buildOnce('imported');

  test('getSecret in a client component', () => {
    expect(output()).toContain("'server-only' cannot be imported from a Client Component module");
    expect(output()).toContain('app/page.jsx');
  });

  test('core in a client component', () => {
    expect(output()).toMatch(
      /\.\/test\/next\/staged\/\S+\/app\/core\/page\.jsx:2:1\s+Error: Export createSecretClient/u,
    );
    expect(output()).toContain('core/dist/only-for-nodejs.js');
  });

  test('getSecret in a route on the edge', () => {
    expect(output()).toMatch(/\.\/test\/next\/staged\/\S+\/app\/edge\/route\.js/u);
    expect(output()).toContain('@kms-secrets/next does not run on the edge runtime. Remove the line');
  });

  test('and the bundler does not panic', () => {
    expect(code()).toBe(1);
    expect(output()).not.toMatch(/panic|chunking context/iu);
  });
});

describe('Next 16 with cacheComponents refuses to build an app', () => {
  const { output, code } = buildOnce('use-cache', { settings: { cacheComponents: true, ...reportAllErrors } });

  test.each(['use/cache', 'use/cache/route'])("that reads %s inside 'use cache'", (name) => {
    expect(output()).toContain(refusal(name, 'outside of a request.'));
    expect(code()).toBe(1);
  });

  test('that reads a secret outside of <Suspense>', () => {
    expect(output()).toMatch(/Error occurred prerendering page "\/blocking"/u);
  });
});
