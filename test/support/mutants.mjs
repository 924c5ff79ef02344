// @ts-check
// Changes one source file in many small ways, one at a time, and runs the tests for each change. A change that no test notices
// survives: a promise without a proof, or a change without effect.
//
// pnpm mutants <file> [--limit 30] [--seed 1] [--project unit] [--tests <path> ...]
//
// Default tests: the test files that are named after the file, or else those of its folder.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseSync } from 'vite';

/** @typedef {{ start: number; end: number; text: string }} Mutant */
/** @typedef {{ type: string; start: number; end: number } & Record<string, unknown>} AstNode */

/** How long the tests of one mutant may take (ms). A mutant that hangs counts as killed. */
const timeout = 180_000;

/** @type {Readonly<Record<string, string>>} */
const operators = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
};

/** @param {unknown} value @returns {value is AstNode} */
function isNode(value) {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** @param {string} code @param {string} file @returns {Mutant[]} */
function mutantsOf(code, file) {
  /** @type {Mutant[]} */
  const mutants = [];
  /** @param {AstNode} node @param {string} text */
  const replace = (node, text) => void mutants.push({ start: node.start, end: node.end, text });
  /** @param {AstNode} node */
  const visit = (node) => {
    if (node.type.startsWith('TS') || node.type === 'ImportDeclaration') return;
    const { left, right, operator, test, argument, value } = node;
    if (isNode(left) && isNode(right) && typeof operator === 'string' && operator in operators) {
      const at = code.indexOf(operator, left.end);
      mutants.push({ start: at, end: at + operator.length, text: operators[operator] ?? operator });
    }
    if (isNode(test)) for (const text of ['true', 'false']) replace(test, `(${text} as boolean)`);
    if (node.type === 'Literal' && typeof value === 'number') replace(node, String(value === 0 ? 1 : value * 2));
    if (node.type === 'Literal' && typeof value === 'boolean') replace(node, String(!value));
    if (node.type === 'AwaitExpression' && isNode(argument)) replace(node, code.slice(argument.start, argument.end));
    if (node.type === 'ExpressionStatement') replace(node, ';');
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child);
  };
  visit(/** @type {AstNode} */ (/** @type {unknown} */ (parseSync(file, code).program)));
  return mutants;
}

/** The same sample for the same seed: a linear congruential generator (Numerical Recipes). */
/** @param {Mutant[]} mutants @param {number} limit @param {number} seed */
function sample(mutants, limit, seed) {
  let state = seed;
  const keyed = mutants.map((mutant) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return { mutant, key: state };
  });
  const chosen = keyed.toSorted((one, other) => one.key - other.key).slice(0, limit);
  return chosen.map(({ mutant }) => mutant).toSorted((one, other) => one.start - other.start);
}

/** @param {string} file */
function testsOf(file) {
  const folder = dirname(file);
  const stem = basename(file, '.ts');
  const own = readdirSync(folder).filter((name) => name.startsWith(`${stem}.`) && name.endsWith('.test.ts'));
  return own.length === 0 ? [folder] : own.map((name) => join(folder, name));
}

/** Whether the tests pass. @param {string} project @param {readonly string[]} tests */
function passes(project, tests) {
  const parameters = ['exec', 'vitest', 'run', '--project', project, '--bail', '1', '--reporter', 'dot', ...tests];
  return spawnSync('pnpm', parameters, { stdio: 'ignore', timeout, killSignal: 'SIGKILL' }).status === 0;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    limit: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    project: { type: 'string', default: 'unit' },
    tests: { type: 'string', multiple: true },
  },
});
const [file] = positionals;
if (file === undefined) {
  console.error('Usage: pnpm mutants <file> [--limit 30] [--seed 1] [--project unit] [--tests <path> ...]');
  process.exit(2);
}
const tests = values.tests ?? testsOf(file);
const code = readFileSync(file, 'utf8');
if (!passes(values.project, tests)) {
  console.error(`The tests fail without a change: ${tests.join(' ')}.`);
  process.exit(1);
}
const mutants = sample(mutantsOf(code, file), Number(values.limit), Number(values.seed));
// `spawnSync` blocks this process, so the signal arrives after the file is restored.
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());
let killed = 0;
let tried = 0;
for (const { start, end, text } of mutants) {
  if (interruption.signal.aborted) break;
  writeFileSync(file, code.slice(0, start) + text + code.slice(end));
  let isSurvivor = true;
  try {
    isSurvivor = passes(values.project, tests);
  } finally {
    writeFileSync(file, code);
  }
  tried += 1;
  if (!isSurvivor) killed += 1;
  else console.log(`${file}:${code.slice(0, start).split('\n').length}: ${code.slice(start, end)} -> ${text}`);
  // Lets a signal arrive.
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(`${killed} of ${tried} mutants killed by ${tests.join(' ')}`);
