// @ts-check
import { join } from 'node:path';
import { root } from './root.mjs';

/**
 * A service of the demo: a Node program that reads `secretsmanager.properties` in its working directory, listens on `PORT`, and
 * says where in a line that `listens` finds. It has the five routes of docs/writing-an-adapter.md, and perhaps a page for people.
 *
 * @typedef {object} ServiceEntry
 * @property {string} name
 * @property {string} program
 * @property {string[]} [args]
 * @property {Record<string, string>} [env]
 * @property {RegExp} listens
 * @property {string} [page] path of its page for people
 */

const app = (/** @type {string} */ name) => ({
  name,
  program: join(root, 'apps', name, 'dist/main.js'),
  listens: /listens on (\S+)$/u,
});

/** Runs where it was built, and is configured where it is started. @type {ServiceEntry} */
const nextWeb = {
  name: 'next-web',
  program: join(root, 'apps/next-web/node_modules/next/dist/bin/next'),
  args: ['start', join(root, 'apps/next-web'), '--hostname', '127.0.0.1'],
  env: { NO_COLOR: '1' },
  listens: /Local: +(\S+)$/u,
  page: '/status',
};

/** All that run side by side in the demo: one more is one line more. @type {readonly ServiceEntry[]} */
export const services = [app('express-api'), app('fastify-api'), app('nest-api'), nextWeb];
