// @ts-check
// What was measured last, group by group.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const out = new URL('out/', import.meta.url);

/**
 * @param {string} group
 * @param {unknown} results
 */
export function keepResults(group, results) {
  mkdirSync(out, { recursive: true });
  writeFileSync(new URL(`${group}.json`, out), `${JSON.stringify(results, undefined, 2)}\n`);
}

/** `any`: who asks knows what the group has left there. @param {string} group @returns {any} */
export function readResults(group) {
  return JSON.parse(readFileSync(new URL(`${group}.json`, out), 'utf8'));
}
