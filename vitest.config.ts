import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { CompatibilityReport } from './test/compatibility/support/compatibility-report.ts';
import { ClosingLine } from './test/support/closing-line.ts';
import { ConformanceReport } from './test/support/conformance-report.ts';
import { projectOrder } from './test/support/project-order.ts';
import { scrubEnvironment } from './test/support/scrub-environment.ts';

// Before any worker starts: workers inherit this environment, and Node reads NODE_EXTRA_CA_CERTS at its start.
const network = scrubEnvironment(process.env);

// Tests run on the TypeScript sources of the workspace packages, not on dist.
// Not "module", which only bundlers use: Node cannot load what @opentelemetry/api has there.
const nodeConditions = defaultServerConditions.filter((condition) => condition !== 'module');
const conditions = ['@kms-secrets/source', ...nodeConditions];

const midway3 = join(import.meta.dirname, 'test/midway3/node_modules/@midwayjs');
const nest11 = join(import.meta.dirname, 'test/nest11/node_modules/@nestjs');

// About 20 builds, most of which must fail, and a development server: 300 s of CPU time.
const longNextTests =
  'test/next/{cache-components,hot-reload,pages-router,refused-builds,refused-builds.next16,running-app}.test.ts';
// They start many processes, or wait for outages and rotations: 100 s of CPU time.
const longE2eTests =
  'test/e2e/{alerts,faults,file-store,fleet,identity-table,rejected-identity,restart,rolling-restart,rotation,upgrade}.test.ts';
// Rotations of real databases with more dialects, the oldest drivers and ORMs: minutes of waiting.
const longDatabaseTests = ['packages/databases/src/*.{long,oldest}.test.ts', 'test/orms/*.test.ts'];
// `next build` takes 15 s, and minutes on a busy machine.
const nextTimeouts = { hookTimeout: 900_000, testTimeout: 300_000 };

// npm may need the developer's proxy and certificates to reach its registry. An installation takes minutes on a busy machine.
const compatibility = {
  env: network,
  globalSetup: ['test/compatibility/support/pack-packages.ts'],
  hookTimeout: 900_000,
  testTimeout: 600_000,
};

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  oxc: { decorator: { legacy: true } }, // for Nest and Midway; the tsconfig that sets this does not include the tests
  test: {
    reporters: ['default', new ConformanceReport(), new CompatibilityReport(), new ClosingLine()],
    maxWorkers: availableParallelism() + 1, // many tests wait for a process that they started
    // End what hangs; long enough for a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 5 } }, // ends a wait before that, and says what was seen
    sequence: {
      sequencer: projectOrder(
        [['next', 'compatibility'], ['conformance', 'e2e'], ['package', 'gate'], ['unit'], ['midway3', 'nest11']],
        process.env['FILE_ORDER'], // a seed: `FILE_ORDER=1 npx vitest run --project unit`
      ),
    },
    update: 'none', // a new snapshot fails like a changed one; `vitest run -u` records both
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts'],
          exclude: longDatabaseTests,
          setupFiles: [
            'test/support/property-seed.ts',
            'test/support/next-storage.ts',
            'test/support/module-symlinks.ts',
          ],
          isolate: false, // importing the same modules again for each file took half of the CPU time
        },
      },
      {
        // The tests of the Nest adapter again, with the previous major version of Nest.
        extends: true,
        resolve: { alias: [{ find: /^@nestjs\//u, replacement: `${nest11}/` }] },
        // Apps may emit this metadata; with Nest 12 the tests run without it.
        oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
        test: {
          name: 'nest11',
          include: ['packages/nestjs/src/**/*.test.ts', 'apps/nest-api/src/**/*.test.ts'],
          isolate: false,
        },
      },
      {
        // The tests of the Midway adapter again, with the previous major version of Midway. Isolated: Midway registers frameworks
        // per process, and one of the files has Express instead of Koa.
        extends: true,
        resolve: { alias: [{ find: /^@midwayjs\//u, replacement: `${midway3}/` }] },
        test: {
          name: 'midway3',
          include: ['packages/midway/src/**/*.test.ts', 'test/midway3/*.test.ts'],
          exclude: ['packages/midway/src/start-timeout.test.ts'],
        },
      },
      { extends: true, test: { name: 'gate', include: ['test/gate/*.test.ts'] } },
      { extends: true, test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          exclude: [longE2eTests],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'next',
          include: ['test/next/*.test.ts'],
          exclude: [longNextTests],
          provide: { nextVersion: 'next' },
          ...nextTimeouts,
        },
      },
      {
        extends: true,
        // npm may need the developer's proxy and certificates to reach its registry.
        test: { name: 'package', include: ['test/package/**/*.test.ts'], env: network, testTimeout: 120_000 },
      },
      {
        extends: true,
        test: { name: 'compatibility', include: ['test/compatibility/*.quick.test.ts'], ...compatibility },
      },
      // `npm run test:long` runs these, one project after the other, and `npm test` does not.
      {
        extends: true,
        test: { name: 'long:soak', include: ['test/load/*.test.ts'], sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'long:databases', include: longDatabaseTests, testTimeout: 120_000, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        // Beside the soak, which mostly waits.
        test: { name: 'long:e2e', include: [longE2eTests], testTimeout: 120_000, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'long:site',
          include: ['test/site/*.test.ts'],
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'long:next16',
          include: [longNextTests],
          provide: { nextVersion: 'next' },
          sequence: { groupOrder: 2 },
          ...nextTimeouts,
        },
      },
      {
        extends: true,
        test: {
          name: 'long:next15',
          include: ['test/next/{pages-router,running-app,refused-builds}.test.ts'],
          provide: { nextVersion: 'next15' },
          sequence: { groupOrder: 3 },
          ...nextTimeouts,
        },
      },
      {
        extends: true,
        test: {
          name: 'long:compatibility',
          include: ['test/compatibility/*.test.ts'],
          sequence: { groupOrder: 4 },
          ...compatibility,
        },
      },
    ],
  },
});
