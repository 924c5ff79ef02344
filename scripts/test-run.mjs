// @ts-check
// Runs commands, passes on what they print, and ends with one closing line: `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

/** Every fake secret value contains this text, and no output may contain it. */
export const sentinel = 's3cret-';

/** @typedef {{ passed: number; failed: number; skipped: number }} Counts */
/** @typedef {readonly string[]} Command a program and its arguments */
/** @typedef {readonly Command[]} Lane */

/**
 * Phases run one after the other, the lanes of a phase side by side, and the commands of a lane one after the other. A failure
 * stops nothing: one run shows every failure.
 *
 * Each command ends with a closing line of its own. The run holds these lines back and prints their sum as its last line,
 * with the final checks and the search for the sentinel counted in.
 * @param {object} run
 * @param {readonly (readonly Lane[])[]} run.phases
 * @param {(text: string) => void} run.print
 * @param {readonly ((print: (text: string) => void) => Counts)[]} [run.finalChecks] called when every command has ended
 * @param {NodeJS.ProcessEnv} [run.env]
 * @returns {Promise<0 | 1>} the exit code
 */
export async function runTests({ phases, print, finalChecks = [], env = process.env }) {
  const output = new SearchedOutput(print);
  const counts = [];
  for (const lanes of phases) {
    counts.push(...(await Promise.all(lanes.map((lane) => runLane(lane, { output, env })))).flat());
  }
  for (const check of finalChecks) counts.push(check((text) => output.line(text)));
  counts.push(output.verdict());
  const total = sum(counts);
  print(`${closingLine(total)}\n`);
  return total.failed === 0 ? 0 : 1;
}

/** @param {Counts} counts */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * @param {boolean} passed
 * @returns {Counts}
 */
export function oneCheck(passed) {
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** Prints whole lines, and remembers which of them contain the sentinel. */
class SearchedOutput {
  #print;
  #lines = 0;
  /** @type {number[]} counted from 1; a line that contains the sentinel twice is listed twice */
  #leaks = [];

  /** @param {(text: string) => void} print */
  constructor(print) {
    this.#print = print;
  }

  /** @param {string} line */
  line(line) {
    this.#lines += 1;
    const occurrences = stripVTControlCharacters(line).split(sentinel).length - 1;
    for (let count = 0; count < occurrences; count += 1) this.#leaks.push(this.#lines);
    this.#print(line);
  }

  verdict() {
    const leaks = this.#leaks;
    if (leaks.length > 0) {
      this.#print(`FAIL  the output contains a secret value ${leaks.length} times, in lines ${leaks.join(', ')}\n`);
    }
    return oneCheck(leaks.length === 0);
  }
}

/**
 * @param {Lane} lane
 * @param {{ output: SearchedOutput; env: NodeJS.ProcessEnv }} options
 * @returns {Promise<Counts[]>}
 */
async function runLane(lane, options) {
  const counts = [];
  for (const command of lane) counts.push(await runCommand(command, options));
  return counts;
}

/**
 * @param {Command} command
 * @param {{ output: SearchedOutput; env: NodeJS.ProcessEnv }} options
 * @returns {Promise<Counts>}
 */
async function runCommand(command, { output, env }) {
  /** @type {Counts | undefined} */
  let counts;
  const exit = await stream(command, {
    env,
    onLine(line) {
      const plain = stripVTControlCharacters(line).trimEnd();
      const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/u.exec(plain) ?? [];
      if (passed === undefined) output.line(line);
      else counts = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
    },
  });
  if (counts === undefined) {
    output.line(`FAIL  \`${command.join(' ')}\` ended with ${exit} and without a closing line\n`);
    return oneCheck(false);
  }
  if (exit === 0 || counts.failed > 0) return counts;
  output.line(`FAIL  \`${command.join(' ')}\` ended with ${exit}, although no test failed\n`);
  return { ...counts, failed: 1 };
}

/** @param {readonly Counts[]} counts */
function sum(counts) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of counts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/**
 * @param {Command} command
 * @param {{ onLine: (line: string) => void; env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number | string>} the exit code, or the signal that ended the process
 */
function stream([program = '', ...args], { onLine, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    byLine(child.stdout, onLine);
    byLine(child.stderr, onLine);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
}

/**
 * A pipe may cut a value in two; a line holds it whole.
 * @param {import('node:stream').Readable} output
 * @param {(line: string) => void} onLine
 */
function byLine(output, onLine) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  output.on('data', (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(`${line}\n`);
  });
  output.on('end', () => {
    rest += decoder.end();
    if (rest !== '') onLine(`${rest}\n`);
  });
}
