// @ts-check
// Changes the source code in many small ways, one at a time, and runs the unit tests that cover each change. A change that no
// test notices survives: a promise without a proof, or code without effect.
//
// pnpm mutants                                  10 mutants of each room, and the score of each room
// pnpm mutants --rooms fetch,redis --count 30   30 mutants of these rooms
// pnpm mutants <file> --count 30                30 mutants of one file
// pnpm mutants <file>:<line>                    all mutants of one line
// --seed <n> (1): another sample. --verbose: also the mutants that a test notices, and that test. --wide: a mutant that the
// tests of its room do not notice is tried against all tests of the package that reach the file.
//
// First, the tests run once unchanged, and record the functions that each test file calls: a mutant is tried only against the test
// files that call its function.
//
// No file is written: Vite serves the changed code to the tests. Code that a test starts as a process of its own is unchanged.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { functionId } from './mutants/mark-functions.mjs';
import { mutantsOf } from './mutants/mutants-of.mjs';
import { roomNames, sourcesOf } from './mutants/rooms.mjs';
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
    ? positionals.map((place) => ({ name: place, mutants: mutantsAt(place) }))
    : values.rooms.split(',').map((name) => ({ name, mutants: sample(sourcesOf(name).flatMap(read), count, seed) }));

const testProcess = new TestProcess();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    testProcess.stop();
    process.exit(1);
  });

/**
 * Runs all tests without a change: a failure of some would look like a mutant that a test notices. Returns the tests that a mutant
 * is tried against: those that pass, and call the function that it is in.
 * @param {Mutant[]} mutants @returns {Promise<(mutant: Mutant) => string[][]>}
 */
async function coverageOf(mutants) {
  const tests = [...new Set(mutants.flatMap(({ file }) => testBatches(file).flat()))];
  /** @type {Record<string, number[]>} */
  const marks = {};
  for (const { file, scopes = [] } of mutants) marks[file] = [...(marks[file] ?? []), ...scopes];
  const { failed, failingFiles, callsOf } = await testProcess.runUnchanged(tests, marks);
  if (failed?.file === '') throw new Error(`The tests fail without a change: ${failed.test}.`);
  for (const file of new Set(failingFiles)) console.log(`left out, because it fails without a change: ${file}`);
  const calls = new Map(callsOf.map(([test, called]) => [test, new Set(called)]));
  return ({ file, scopes }) => {
    const covers = (/** @type {string} */ test) =>
      scopes === undefined || scopes.some((scope) => calls.get(test)?.has(functionId(file, scope)));
    return testBatches(file).map((batch) => batch.filter((test) => !failingFiles.includes(test) && covers(test)));
  };
}

/** @param {string} name @param {Mutant[]} mutants @returns {Promise<Score>} */
async function measure(name, mutants) {
  const score = { tried: 0, survived: 0, timedOut: 0 };
  for (const mutant of mutants) {
    let killer;
    for (const tests of testsOf(mutant)) if (tests.length > 0) killer ??= await testProcess.run(tests, mutant);
    score.tried += 1;
    if (killer === undefined) score.survived += 1;
    if (killer === TestProcess.timedOut) score.timedOut += 1;
    if (killer === undefined) console.log(`SURVIVED ${describe(mutant)}`);
    else if (values.verbose) console.log(`killed   ${describe(mutant)}  [${killer.test}]`);
  }
  console.log(`${name}: ${inWords(score)}`);
  return score;
}

/** @param {string} file */
function read(file) {
  return mutantsOf(readFileSync(file, 'utf8'), file);
}

/** @param {string} place A file, or a line of a file: `<file>:<line>`. */
function mutantsAt(place) {
  const [file = '', line] = place.split(':');
  if (line === undefined) return sample(read(file), count, seed);
  return read(file).filter((mutant) => lineOf(mutant) === Number(line));
}

/** @param {Mutant} mutant */
function lineOf({ code, start }) {
  return code.slice(0, start).split('\n').length;
}

/** The nearest tests first: most mutants are noticed there. @param {string} file */
const testBatches = (file) => [directTests(file), roomTests(file), ...(values.wide ? [farTests(file)] : [])];

/** @param {Mutant} mutant */
function describe(mutant) {
  const { file, code, start, end, text } = mutant;
  const short = (/** @type {string} */ source) => source.replaceAll(/\s+/gu, ' ').slice(0, 100);
  return `${relative('.', file)}:${lineOf(mutant)}: ${short(code.slice(start, end))} -> ${short(text)}`;
}

/** @param {Score} score */
function inWords({ tried, survived, timedOut }) {
  if (tried === 0) return 'no mutants';
  const killed = tried - survived;
  return `${killed} of ${tried} killed (${Math.round((100 * killed) / tried)} %), of these ${timedOut} by the time limit`;
}

const testsOf = await coverageOf(samples.flatMap(({ mutants }) => mutants));
const total = { tried: 0, survived: 0, timedOut: 0 };
for (const { name, mutants } of samples) {
  const score = await measure(name, mutants);
  total.tried += score.tried;
  total.survived += score.survived;
  total.timedOut += score.timedOut;
}
console.log(`all: ${inWords(total)}`);
testProcess.stop();
