// @ts-check
import { existsSync } from 'node:fs';
import { Postgres } from '../../../scripts/demo/postgres.mjs';
import { startMariaDb } from '../../support/mariadb-server.mjs';
import { run } from '../../support/processes.mjs';
import { compare } from '../measure.mjs';
import { row } from '../report.mjs';

const queries = new URL('queries.mjs', import.meta.url);
const account = { user: 'bench', password: 's3cret-bench' };
/** What a pool may add to a query and to a connection while nothing is rotated. */
const target = { atMost: 1.02 };

/** @typedef {{ port: number; stop: () => Promise<void> }} Server */

/** @type {import('../bench.mjs').Group} */
export async function databases(options) {
  return [
    ...(await rowsOf({ drivers: ['pg'], start: startPostgres, isInstalled: Postgres.isInstalled }, options)),
    ...(await rowsOf(
      { drivers: ['mysql2', 'mariadb'], start: startMaria, isInstalled: existsSync('/usr/sbin/mariadbd') },
      options,
    )),
  ];
}

/**
 * @param {{ drivers: readonly string[]; start: () => Promise<Server>; isInstalled: boolean }} database
 * @param {Parameters<import('../bench.mjs').Group>[0]} options
 */
async function rowsOf({ drivers, start, isInstalled }, { isQuick, log }) {
  if (!isInstalled) {
    log(`the server of ${drivers.join(' and ')} is not installed: its rows are skipped`);
    return [];
  }
  const server = await start();
  const size = isQuick ? { rounds: 2, queries: 50, connections: 5 } : { rounds: 21, queries: 400, connections: 20 };
  const rows = [];
  try {
    for (const driver of drivers) {
      log(`connections and queries of ${driver}`);
      const { connect, query } = await run(queries, { driver, port: server.port, ...account, ...size });
      rows.push(
        row(`${driver}: a query vs the pool of the driver, µs`, compare(query, 'ours', 'reference'), target),
        row(`${driver}: a new connection vs the pool of the driver, µs`, compare(connect, 'ours', 'reference'), target),
      );
    }
  } finally {
    await server.stop();
  }
  return rows;
}

/** @returns {Promise<Server>} */
async function startPostgres() {
  const server = new Postgres();
  await server.start();
  server.query(`CREATE ROLE ${account.user} LOGIN PASSWORD '${account.password}'`);
  return server;
}

/** @returns {Promise<Server>} */
async function startMaria() {
  const server = await startMariaDb();
  const { user, password } = account;
  server.query(`CREATE DATABASE app; CREATE USER ${user} IDENTIFIED BY '${password}'; GRANT ALL ON app.* TO ${user}`);
  return server;
}
