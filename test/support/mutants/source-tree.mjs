// @ts-check
import { parseSync } from 'vite';

/** @typedef {{ type: string; start: number; end: number } & Record<string, unknown>} AstNode */

/** @param {unknown} value @returns {value is AstNode} */
export function isNode(value) {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** @param {AstNode} node */
const isFunction = ({ type, body }) => /^(?:Function|ArrowFunction)/u.test(type) && isNode(body);

/**
 * Calls `visit` for each node of a source file but types and imports, with the function that it is in.
 * @param {string} code @param {string} file @param {(node: AstNode, scope: AstNode | undefined) => void} visit
 */
export function walk(code, file, visit) {
  /** @param {AstNode} node @param {AstNode | undefined} scope */
  const enter = (node, scope) => {
    if (node.type.startsWith('TS') || node.type === 'ImportDeclaration') return;
    const inner = isFunction(node) ? node : scope;
    visit(node, inner);
    for (const child of Object.values(node).flat()) if (isNode(child)) enter(child, inner);
  };
  enter(/** @type {AstNode} */ (/** @type {unknown} */ (parseSync(file, code).program)), undefined);
}
