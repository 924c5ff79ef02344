// @ts-check
// The results of the last run, one file for each group.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const out = new URL('out/', import.meta.url);

/**
 * @param {string} group
 * @param {unknown} results
 */
export function writeResults(group, results) {
  mkdirSync(out, { recursive: true });
  writeFileSync(new URL(`${group}.json`, out), `${JSON.stringify(results, undefined, 2)}\n`);
}

/** Returns `any`: the caller knows the shape of the group's results. @param {string} group @returns {any} */
export function readResults(group) {
  return JSON.parse(readFileSync(new URL(`${group}.json`, out), 'utf8'));
}
