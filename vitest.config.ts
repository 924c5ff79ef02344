import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';

// Tests run on the TypeScript sources of the workspace packages, not on dist.
const conditions = ['@kms-secrets/source', ...defaultServerConditions];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ['default', new ClosingLine()],
    maxWorkers: '100%', // half of the tests wait for a process they started
    update: 'none', // a new snapshot fails like a changed one; `vitest run -u` records both
    projects: [
      { extends: true, test: { name: 'unit', include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts'] } },
      { extends: true, test: { name: 'gate', include: ['test/gate/*.test.ts'] } },
      { extends: true, test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], fileParallelism: false, testTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: 'next', include: ['test/next/*.test.ts'], fileParallelism: false, testTimeout: 120_000 },
      },
      { extends: true, test: { name: 'package', include: ['test/package/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
});
