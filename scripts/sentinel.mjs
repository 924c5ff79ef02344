// @ts-check
// Runs commands, lets what they print through, and looks for a fake secret's value in it.
import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

/** Every fake secret's value contains this, and nothing that the project prints may. */
export const sentinel = 's3cret-';

/**
 * Runs the gate, then the tests (even if the gate failed: all failures are shown), and ends with one closing line,
 * `N passed, N failed, N skipped`. A gate that failed and a value that was printed count as one failed test each.
 * @param {{ gate: readonly string[]; tests: readonly string[]; print: (text: string) => void; env?: NodeJS.ProcessEnv }} parts
 * @returns {Promise<0 | 1>} the exit code
 */
export async function judge({ gate, tests, print, env = process.env }) {
  let printed = 0;
  /** @type {number[]} the lines that showed the sentinel, counted from 1; one that shows it twice stands here twice */
  const leaks = [];
  let closing = { passed: 0, failed: 1, skipped: 0 }; // for a test run that dies without a word
  const each = (/** @type {string} */ line) => {
    const plain = stripVTControlCharacters(line).trimEnd();
    const [all, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(plain) ?? [];
    if (all !== undefined) {
      closing = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
      return; // held back: the last line is for the end
    }
    printed += 1;
    for (let times = plain.split(sentinel).length - 1; times > 0; times -= 1) leaks.push(printed);
    print(line);
  };
  const gateCode = await stream(gate, { each, env });
  const testsCode = await stream(tests, { each, env });

  const { passed, skipped } = closing;
  let { failed } = closing;
  if (testsCode !== 0 && failed === 0) {
    print(`The tests ended with ${testsCode}, though none failed.\n`);
    failed += 1;
  }
  if (gateCode !== 0) {
    print('The gate failed: its steps stand above.\n');
    failed += 1;
  }
  if (leaks.length > 0) {
    print(
      `A secret's value was printed ${leaks.length} times: lines ${leaks.join(', ')}, counted from the gate's first.\n`,
    );
    failed += 1;
  }
  print(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed === 0 ? 0 : 1;
}

/**
 * @param {readonly string[]} command
 * @param {{ each: (line: string) => void; env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number | string>} its exit code, or the signal that ended it
 */
function stream([command = '', ...args], { each, env }) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    byLine(child.stdout, each);
    byLine(child.stderr, each);
    child.on('error', fail);
    child.on('close', (code, signal) => done(code ?? signal ?? 1));
  });
}

/**
 * A value may be cut in two by the pipe; a line is whole.
 * @param {import('node:stream').Readable} output
 * @param {(line: string) => void} each
 */
function byLine(output, each) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  output.on('data', (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) each(`${line}\n`);
  });
  output.on('end', () => {
    rest += decoder.end();
    if (rest !== '') each(`${rest}\n`);
  });
}
