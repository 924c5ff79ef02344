// @ts-check
import { join } from 'node:path';
import { root } from './root.mjs';

/**
 * A service of the demo: a Node program that reads `secretsmanager.properties` from its working directory, listens on `PORT`, and
 * prints its URL in a line that matches `listens`. It has the five routes of docs/writing-an-adapter.md.
 *
 * @typedef {object} ServiceEntry
 * @property {string} name
 * @property {string} program
 * @property {string[]} [args]
 * @property {Record<string, string>} [env]
 * @property {RegExp} listens
 * @property {string} [statusPage] path of its status page for browsers
 * @property {string} [writes] folder in its temporary directory that its framework writes, such as logs
 */

const app = (/** @type {string} */ name) => ({
  name,
  program: join(root, 'apps', name, 'dist/main.js'),
  listens: /listens on (\S+)$/u,
});

/** Next runs the build in `apps/next-web`; the working directory with the configuration is another one. @type {ServiceEntry} */
const nextWeb = {
  name: 'next-web',
  program: join(root, 'apps/next-web/node_modules/next/dist/bin/next'),
  args: ['start', join(root, 'apps/next-web'), '--hostname', '127.0.0.1'],
  env: { NO_COLOR: '1', STATUS_PAGE: 'open' },
  listens: /Local: +(\S+)$/u,
  statusPage: '/status',
};

/** Egg writes its logs and its merged configuration into files. @type {ServiceEntry} */
const eggApi = { ...app('egg-api'), writes: 'egg-api' };

/** The services that the demo runs. Add new apps here. @type {readonly ServiceEntry[]} */
export const services = [
  eggApi,
  app('express-api'),
  app('fastify-api'),
  app('koa-api'),
  app('hono-api'),
  app('midway-api'),
  app('nest-api'),
  nextWeb,
];
