// @ts-check
// Runs unit tests for the mutants that its parent process sends, in one Vitest: a start for each mutant would take most of the
// time. A run with `marks` changes nothing: it finds the test files that call each marked function.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfigFromFile } from 'vite';
import { createVitest } from 'vitest/node';
import { markFunctions } from './mark-functions.mjs';

/** @typedef {import('./test-process.mjs').Run} Run */

const loaded = await loadConfigFromFile({ command: 'serve', mode: 'test' }, 'vitest.config.ts');
const config = /** @type {import('vitest/config').ViteUserConfig} */ (loaded?.config);
const unit = config.test?.projects?.find(
  (project) => typeof project === 'object' && 'test' in project && project.test.name === 'unit',
);
if (typeof unit !== 'object' || !('test' in unit)) throw new Error('vitest.config.ts has no project "unit".');

const { testTimeout = 60_000, hookTimeout = 60_000, expect = {} } = config.test ?? {};

/** @type {Run} */
let current = { tests: [] };
/** @type {import('./test-process.mjs').Result} */
let result = { failed: undefined, failingFiles: [], callsOf: [] };

const vitest = await createVitest(
  'test',
  {
    ...unit.test,
    config: false,
    testTimeout,
    hookTimeout,
    expect,
    setupFiles: [...[unit.test.setupFiles ?? []].flat(), fileURLToPath(new URL('record-calls.mjs', import.meta.url))],
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
          const { called = [] } = /** @type {{ called?: string[] }} */ (module.meta());
          if (current.marks !== undefined) result.callsOf.push([module.moduleId, called]);
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
        load: (id) => sourceOf(id),
      },
    ],
  },
);
await vitest.standalone();

/** @param {string} id */
function sourceOf(id) {
  const { change, marks = {} } = current;
  if (id === change?.file) return change.code.slice(0, change.start) + change.text + change.code.slice(change.end);
  const scopes = marks[id];
  return scopes === undefined ? null : markFunctions(readFileSync(id, 'utf8'), id, scopes);
}

/** @param {string} file @param {string} test */
function end(file, test) {
  result.failingFiles.push(file);
  if (result.failed !== undefined) return;
  result.failed = { file, test };
  if (current.marks === undefined) void vitest.cancelCurrentRun('test-failure');
}

/** @param {Run} run */
const changedFiles = ({ change, marks = {} }) => [
  ...(change === undefined ? [] : [change.file]),
  ...Object.keys(marks),
];

/** @param {Run} run */
async function perform(run) {
  const changed = [...changedFiles(current), ...changedFiles(run)];
  current = run;
  result = { failed: undefined, failingFiles: [], callsOf: [] };
  for (const file of changed) vitest.invalidateFile(file);
  const project = vitest.getRootProject();
  const { unhandledErrors } = await vitest.runTestSpecifications(
    run.tests.map((test) => project.createSpecification(test)),
  );
  // An unhandled rejection fails a run of `npm test` too.
  if (unhandledErrors.length > 0) result.failed ??= { file: '', test: 'an unhandled rejection' };
  process.send?.(result);
}

process.on('message', (message) => void perform(/** @type {Run} */ (message)));
process.on('disconnect', () => process.exit());
