// @ts-check
import { join } from 'node:path';
import { root } from './root.mjs';

/**
 * A service of the demo: a Node program that reads `secretsmanager.properties` in its working directory, listens on `PORT`, and
 * says where in a line that `listens` finds. It has the five routes of docs/writing-an-adapter.md.
 *
 * @typedef {{ name: string; program: string; args?: string[]; env?: Record<string, string>; listens: RegExp }} ServiceEntry
 */

const app = (/** @type {string} */ name) => ({
  name,
  program: join(root, 'apps', name, 'dist/main.js'),
  listens: /listens on (\S+)$/u,
});

/** All that run side by side in the demo: one more is one line more. @type {readonly ServiceEntry[]} */
export const services = [app('express-api'), app('fastify-api'), app('nest-api')];
