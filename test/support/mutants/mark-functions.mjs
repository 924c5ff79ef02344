// @ts-check
import { isNode, walk } from './source-tree.mjs';

/**
 * The source of a file in which the functions that start at `scopes` report each call to `recordCall` of the global object.
 * @param {string} code @param {string} file @param {readonly number[]} scopes
 */
export function markFunctions(code, file, scopes) {
  /** @type {{ at: number; text: string }[]} */
  const inserted = [];
  walk(code, file, (node) => {
    const { body } = node;
    if (!scopes.includes(node.start) || !/^(?:Function|ArrowFunction)/u.test(node.type) || !isNode(body)) return;
    const call = `globalThis.recordCall?.(${JSON.stringify(functionId(file, node.start))})`;
    if (body.type === 'BlockStatement') inserted.push({ at: body.start + 1, text: `${call};` });
    else inserted.push({ at: body.start, text: `(${call}, ` }, { at: body.end, text: ')' });
  });
  return inserted
    .toSorted((one, other) => other.at - one.at)
    .reduce((marked, { at, text }) => marked.slice(0, at) + text + marked.slice(at), code);
}

/** @param {string} file @param {number} start */
export const functionId = (file, start) => `${file}:${start}`;
