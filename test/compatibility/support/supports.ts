import { test } from 'vitest';

/** The sections of docs/compatibility.md, in this order. */
export const areas = [
  'Node.js',
  'TypeScript',
  'Test runners',
  'Bundlers',
  'Next.js',
  'NestJS',
  'Egg',
  'Midway',
  'Koa and Hono',
  'Tracing',
  'Operating environment',
] as const;
export type Area = (typeof areas)[number];

/** A row of docs/compatibility.md. */
export interface CompatibilityRow {
  readonly area: Area;
  /** What a user has, such as `esbuild, ESM`. */
  readonly setting: string;
  /** Versions of other projects, such as `esbuild 0.28.2`. Not of this machine: they differ from run to run. */
  readonly versions: string;
  /** What the user sees or sets, if it is not simply `works`. */
  readonly remark: string;
}

declare module 'vitest' {
  interface TaskMeta {
    compatibility?: CompatibilityRow;
  }
}

/** What is tried: its setting is the title of the test, and unique within the area. */
export interface Claim {
  readonly area: Area;
  readonly setting: string;
  readonly versions: string;
  /** Default: `works`. If the setting is not supported, what the user sees; the test then expects exactly that. */
  readonly remark?: string;
}

/** Defines a test for a row of docs/compatibility.md. */
export function supports({ remark = 'works', ...claim }: Claim, run: () => Promise<void>): void {
  test(`${claim.area}: ${claim.setting}`, async ({ task }) => {
    task.meta.compatibility = { ...claim, remark };
    await run();
  });
}
