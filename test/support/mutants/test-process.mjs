// @ts-check
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @typedef {import('./mutants-of.mjs').Mutant} Mutant */
/** @typedef {Readonly<Record<string, readonly number[]>>} Marks File -> the starts of the functions whose calls to record. */
/** @typedef {{ tests: string[]; change?: Mutant; marks?: Marks }} Run */
/** @typedef {{ file: string; test: string }} Failed The first test that failed. */
/**
 * @typedef {object} Result
 * @property {Failed | undefined} failed
 * @property {string[]} failingFiles
 * @property {[test: string, called: string[]][]} callsOf The test files, and the marked functions that each called.
 */

const runner = fileURLToPath(new URL('vitest-runner.mjs', import.meta.url));

/** How long the tests of one mutant may take (ms). A loop without an end is noticed in this way alone. */
const timeLimit = 180_000;
/** How long many tests may take without a change (ms), on a busy machine. */
const timeLimitUnchanged = 1_800_000;

/** A Vitest that stays for many mutants; a mutant that hangs ends it, and the next mutant starts another. */
export class TestProcess {
  static timedOut = { file: '', test: 'time limit' };

  /** @param {string[]} tests @param {Mutant} change @returns {Promise<Failed | undefined>} */
  async run(tests, change) {
    return (await this.#send({ tests, change })).failed;
  }

  /** Runs tests without a change. @param {string[]} tests @param {Marks} marks @returns {Promise<Result>} */
  runUnchanged(tests, marks) {
    return this.#send({ tests, marks });
  }

  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;

  /** @param {Run} run @returns {Promise<Result>} */
  #send(run) {
    const child = (this.#process ??= fork(runner, {
      detached: true, // a process group of its own, for `stop`
      env: { ...process.env, NODE_ENV: 'test' }, // as the command `vitest` sets it
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }));
    return new Promise((resolve, reject) => {
      const onTimeout = () => {
        finish();
        this.stop();
        resolve({ failed: TestProcess.timedOut, failingFiles: [], callsOf: [] });
      };
      const timer = setTimeout(onTimeout, run.change === undefined ? timeLimitUnchanged : timeLimit);
      /** @param {import('node:child_process').Serializable} message */
      const onMessage = (message) => {
        finish();
        resolve(/** @type {Result} */ (message));
      };
      const onExit = () => {
        finish();
        reject(new Error('The process that runs Vitest ended.'));
      };
      const finish = () => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
      };
      child.on('message', onMessage).on('exit', onExit);
      child.send(run);
    });
  }

  /** Ends Vitest and its workers, also those in a loop without an end: all are in one process group. */
  stop() {
    if (this.#process?.pid !== undefined) process.kill(-this.#process.pid, 'SIGKILL');
    this.#process = undefined;
  }
}
