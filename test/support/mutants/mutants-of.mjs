// @ts-check
import { resolve } from 'node:path';
import { isNode, walk } from './source-tree.mjs';

/** @typedef {import('./source-tree.mjs').AstNode} AstNode */
/**
 * @typedef {object} Mutant
 * @property {string} file
 * @property {string} code
 * @property {number} start
 * @property {number} end
 * @property {string} text
 * @property {readonly number[] | undefined} scopes The starts of the functions that run the changed code, if they are known.
 */

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

/**
 * Each small change of a source file: operators, conditions, numbers, booleans, `!`, `await` and whole statements.
 * @param {string} code @param {string} file @returns {Mutant[]}
 */
export function mutantsOf(code, file) {
  /** @type {Mutant[]} */
  const mutants = [];
  const scopesOf = scopeFinder(code, file);
  walk(code, file, (node, scope) => {
    /** @param {{ start: number; end: number }} place @param {string} text */
    const replace = ({ start, end }, text) => {
      const scopes = scope === undefined ? scopesOf(start) : [scope.start];
      mutants.push({ file: resolve(file), code, start, end, text, scopes });
    };
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
  });
  return mutants;
}

/**
 * Finds the functions that use a constant of the module, if nothing else uses it.
 * @param {string} code @param {string} file @returns {(place: number) => readonly number[] | undefined}
 */
function scopeFinder(code, file) {
  /** @type {AstNode[]} */
  const constants = [];
  /** Name -> the functions in which it occurs. @type {Map<string, Set<number | undefined>>} */
  const uses = new Map();
  walk(code, file, (node, scope) => {
    if (node.type === 'VariableDeclarator' && scope === undefined) constants.push(node);
    if (node.type !== 'Identifier' || typeof node['name'] !== 'string') return;
    if (constants.some(({ id }) => id === node)) return;
    uses.set(node['name'], (uses.get(node['name']) ?? new Set()).add(scope?.start));
  });
  return (place) => {
    const declaration = constants.find(({ start, end }) => start <= place && place < end);
    const name = isNode(declaration?.['id']) ? declaration['id']['name'] : undefined;
    const isExported = new RegExp(`export const ${String(name)}\\b`, 'u').test(code);
    const scopes = isExported ? [] : [...(uses.get(String(name)) ?? [])].filter((scope) => scope !== undefined);
    return scopes.length > 0 && scopes.length === uses.get(String(name))?.size ? scopes : undefined;
  };
}
