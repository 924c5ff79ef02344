import { beforeAll } from 'vitest';
import { build } from './fixture-app.ts';
import type { FixtureApp, FixtureOptions } from './fixture-app.ts';

/** A setting with which Next reports the errors of all routes, not only the first. */
export const reportAllErrors = { experimental: { prerenderEarlyExit: false } };

/** The message that names the secret and says where it was read. */
export function refusal(name: string, explanation: string): string {
  return `getSecret("${name}") was called ${explanation}`;
}

/** Builds a fixture once for the tests of a group. */
export function buildOnce(
  fixture: string,
  options: FixtureOptions = {},
): { output: () => string; code: () => number | null } {
  let app: FixtureApp | undefined;
  beforeAll(async () => {
    app = await build(fixture, options);
  });
  return { output: () => app?.output ?? '', code: () => app?.code ?? null };
}
