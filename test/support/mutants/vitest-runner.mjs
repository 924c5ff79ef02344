// @ts-check
// Runs unit tests for the mutants that its parent process sends, in one Vitest: a start for each mutant would take most of the
// time.
import { loadConfigFromFile } from 'vite';
import { createVitest } from 'vitest/node';

/** @typedef {import('./test-process.mjs').Run} Run */

const loaded = await loadConfigFromFile({ command: 'serve', mode: 'test' }, 'vitest.config.ts');
const config = /** @type {import('vitest/config').ViteUserConfig} */ (loaded?.config);
const unit = config.test?.projects?.find(
  (project) => typeof project === 'object' && 'test' in project && project.test.name === 'unit',
);
if (typeof unit !== 'object' || !('test' in unit)) throw new Error('vitest.config.ts has no project "unit".');

const { testTimeout = 60_000, hookTimeout = 60_000, expect = {} } = config.test ?? {};

/** @type {Run['change']} */
let change;
/** @type {import('./test-process.mjs').Failed | undefined} */
let failed;

const vitest = await createVitest(
  'test',
  {
    ...unit.test,
    config: false,
    testTimeout,
    hookTimeout,
    expect,
    watch: false,
    maxWorkers: 2,
    reporters: [
      {
        onTestCaseResult(test) {
          if (test.result().state === 'failed') end(test.module.moduleId, test.fullName);
        },
        onTestSuiteResult(suite) {
          if (suite.errors().length > 0) end(suite.module.moduleId, suite.fullName);
        },
        onTestModuleEnd(module) {
          if (module.errors().length > 0) end(module.moduleId, 'the file itself');
        },
      },
    ],
  },
  {
    resolve: config.resolve ?? {},
    ssr: config.ssr ?? {},
    oxc: config.oxc ?? {},
    plugins: [
      {
        name: 'mutant',
        enforce: 'pre',
        load: (id) =>
          id === change?.file ? change.code.slice(0, change.start) + change.text + change.code.slice(change.end) : null,
      },
    ],
  },
);
await vitest.standalone();

/** @param {string} file @param {string} test */
function end(file, test) {
  if (failed !== undefined) return;
  failed = { file, test };
  void vitest.cancelCurrentRun('test-failure');
}

/** @param {Run} run */
async function perform(run) {
  const changed = [change?.file, run.change?.file].filter((file) => file !== undefined);
  change = run.change;
  failed = undefined;
  for (const file of changed) vitest.invalidateFile(file);
  const project = vitest.getRootProject();
  const result = await vitest.runTestSpecifications(run.tests.map((test) => project.createSpecification(test)));
  // An unhandled rejection fails a run of `npm test` too.
  if (result.unhandledErrors.length > 0) failed ??= { file: '', test: 'an unhandled rejection' };
  process.send?.({ failed });
}

process.on('message', (message) => void perform(/** @type {Run} */ (message)));
process.on('disconnect', () => process.exit());
