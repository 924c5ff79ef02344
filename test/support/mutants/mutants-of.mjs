// @ts-check
import { resolve } from 'node:path';
import { parseSync } from 'vite';

/** @typedef {{ file: string; code: string; start: number; end: number; text: string }} Mutant */
/** @typedef {{ type: string; start: number; end: number } & Record<string, unknown>} AstNode */

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

/**
 * Each small change of a source file: operators, conditions, numbers, booleans, `!`, `await` and whole statements.
 * @param {string} code @param {string} file @returns {Mutant[]}
 */
export function mutantsOf(code, file) {
  /** @type {Mutant[]} */
  const mutants = [];
  /** @param {{ start: number; end: number }} place @param {string} text */
  const replace = ({ start, end }, text) => void mutants.push({ file: resolve(file), code, start, end, text });
  /** @param {AstNode} node */
  const visit = (node) => {
    if (node.type.startsWith('TS') || node.type === 'ImportDeclaration') return;
    const { left, right, operator, test, argument, value } = node;
    if (isNode(left) && isNode(right) && typeof operator === 'string' && operator in operators) {
      const start = code.indexOf(operator, left.end);
      replace({ start, end: start + operator.length }, operators[operator] ?? operator);
    }
    if (isNode(test)) for (const text of ['true', 'false']) replace(test, `(${text} as boolean)`);
    if (node.type === 'Literal' && typeof value === 'number') replace(node, String(value === 0 ? 1 : value * 2));
    if (node.type === 'Literal' && typeof value === 'boolean') replace(node, String(!value));
    if (node.type === 'AwaitExpression' && isNode(argument)) replace(node, code.slice(argument.start, argument.end));
    if (node.type === 'UnaryExpression' && operator === '!' && isNode(argument))
      replace(node, `(${code.slice(argument.start, argument.end)})`);
    if (node.type === 'ExpressionStatement') replace(node, ';');
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child);
  };
  visit(/** @type {AstNode} */ (/** @type {unknown} */ (parseSync(file, code).program)));
  return mutants;
}
