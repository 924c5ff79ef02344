// @ts-check
// Changes the source code in many small ways, one at a time, and runs the unit tests that cover each change. A change that no
// test notices survives: a promise without a proof, or code without effect.
//
// pnpm mutants                                  10 mutants of each room, and the score of each room
// pnpm mutants --rooms fetch,redis --count 30   30 mutants of these rooms
// pnpm mutants <file> --count 30                30 mutants of one file
// --seed <n> (1): another sample. --verbose: also the mutants that a test notices, and that test. --wide: a mutant that the
// tests of its room do not notice is tried against all tests of the package that reach the file.
//
// No file is written: Vite serves the changed code to the tests. Code that a test starts as a process of its own is unchanged.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { mutantsOf } from './mutants/mutants-of.mjs';
import { roomOf, roomNames, sourcesOf } from './mutants/rooms.mjs';
import { sample } from './mutants/sample.mjs';
import { TestProcess } from './mutants/test-process.mjs';
import { directTests, farTests, roomTests } from './mutants/tests-of.mjs';

/** @typedef {import('./mutants/mutants-of.mjs').Mutant} Mutant */
/** @typedef {{ tried: number; survived: number; timedOut: number }} Score */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rooms: { type: 'string', default: roomNames.join(',') },
    count: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    wide: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const count = Number(values.count);
const samples =
  positionals.length > 0
    ? positionals.map((file) => ({ name: roomOf(file), files: [file] }))
    : values.rooms.split(',').map((name) => ({ name, files: sourcesOf(name) }));

const testProcess = new TestProcess();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    testProcess.stop();
    process.exit(1);
  });

/**
 * The tests that pass without a change: a failure of the others would look like a mutant that a test notices.
 * @param {string[]} tests
 */
async function passingOf(tests) {
  const passing = new Set(tests);
  for (;;) {
    const failed = await testProcess.run({ tests: [...passing] });
    if (failed === undefined) return passing;
    console.log(`  left out, because it fails without a change: ${failed.file} > ${failed.test}`);
    if (!passing.delete(failed.file)) throw new Error('The tests fail without a change.');
  }
}

/** @param {string} name @param {string[]} files @returns {Promise<Score>} */
async function measure(name, files) {
  const score = { tried: 0, survived: 0, timedOut: 0 };
  const all = files.flatMap((file) => mutantsOf(readFileSync(file, 'utf8'), file));
  const mutants = sample(all, count, seed).map((mutant) => ({ mutant, batches: testBatches(mutant.file) }));
  const passing = await passingOf([...new Set(mutants.flatMap(({ batches }) => batches.flat()))]);
  for (const { mutant, batches } of mutants) {
    let killer;
    for (const batch of batches) {
      const tests = batch.filter((test) => passing.has(test));
      if (tests.length > 0) killer ??= await testProcess.run({ tests, change: mutant });
    }
    score.tried += 1;
    if (killer === undefined) score.survived += 1;
    if (killer === TestProcess.timedOut) score.timedOut += 1;
    if (killer === undefined) console.log(`SURVIVED ${describe(mutant)}`);
    else if (values.verbose) console.log(`killed   ${describe(mutant)}  [${killer.test}]`);
  }
  console.log(`${name}: ${inWords(score)}`);
  return score;
}

/** The nearest tests first: most mutants are noticed there. @param {string} file */
const testBatches = (file) => [directTests(file), roomTests(file), ...(values.wide ? [farTests(file)] : [])];

/** @param {Mutant} mutant */
function describe({ file, code, start, end, text }) {
  const line = code.slice(0, start).split('\n').length;
  const short = (/** @type {string} */ source) => source.replaceAll(/\s+/gu, ' ').slice(0, 100);
  return `${relative('.', file)}:${line}: ${short(code.slice(start, end))} -> ${short(text)}`;
}

/** @param {Score} score */
function inWords({ tried, survived, timedOut }) {
  const killed = tried - survived;
  return `${killed} of ${tried} killed (${Math.round((100 * killed) / tried)} %), of these ${timedOut} by the time limit`;
}

const total = { tried: 0, survived: 0, timedOut: 0 };
for (const { name, files } of samples) {
  const score = await measure(name, files);
  total.tried += score.tried;
  total.survived += score.survived;
  total.timedOut += score.timedOut;
}
console.log(`all: ${inWords(total)}`);
testProcess.stop();
