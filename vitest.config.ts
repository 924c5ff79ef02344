import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';
import { ConformanceReport } from './test/support/conformance-report.ts';
import { SoakFirst } from './test/support/soak-first.ts';

// Tests run on the TypeScript sources of the workspace packages, not on dist.
const conditions = ['@kms-secrets/source', ...defaultServerConditions];

// The same tests again, with the major version of Nest before the one that the packages are built with.
const nest11 = join(import.meta.dirname, 'test/nest11/node_modules/@nestjs');

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  oxc: { decorator: { legacy: true } }, // those of Nest; the tsconfig that says so leaves tests out
  test: {
    reporters: ['default', new ConformanceReport(), new ClosingLine()],
    // Half of the tests wait for a process they started; the soak does nothing else, and so has a worker of its own.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 20_000, // ends what never would; a machine that does other things besides must not fail a test
    sequence: { sequencer: SoakFirst },
    update: 'none', // a new snapshot fails like a changed one; `vitest run -u` records both
    projects: [
      { extends: true, test: { name: 'unit', include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts'] } },
      {
        extends: true,
        resolve: { alias: [{ find: /^@nestjs\//u, replacement: `${nest11}/` }] },
        // Of use to an app, and not needed: here it is there, and with Nest 12 it is not.
        oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
        test: { name: 'nest11', include: ['packages/nestjs/src/**/*.test.ts', 'apps/nest-api/src/**/*.test.ts'] },
      },
      { extends: true, test: { name: 'gate', include: ['test/gate/*.test.ts'] } },
      { extends: true, test: { name: 'soak', include: ['test/load/*.test.ts'] } },
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
