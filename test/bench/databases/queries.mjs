// @ts-check
// Runs in its own process. Measures connections and queries of our pools against those of their drivers, at one database.
import { createSecretClient } from '@kms-secrets/core';
import { rotatingPool as rotatingMariadb } from '@kms-secrets/databases/mariadb';
import { rotatingPool as rotatingMysql2 } from '@kms-secrets/databases/mysql2';
import { rotatingPool as rotatingPg } from '@kms-secrets/databases/pg';
import { FakeTransport } from '@kms-secrets/testing';
import mariadb from 'mariadb';
import mysql from 'mysql2';
import pg from 'pg';
import { readTask } from '../../support/processes.mjs';
import { median } from '../measure.mjs';

/**
 * @typedef {object} Contender
 * @property {() => Promise<unknown>} query with an idle connection of the pool
 * @property {() => Promise<unknown>} connect opens a connection and closes it
 * @property {() => Promise<unknown>} close
 */

const { driver, port, user, password, rounds, queries, connections } = readTask();
const host = '127.0.0.1';
const secret = 'bench/db';
const kms = new FakeTransport();
kms.put(secret, 'v1', { value: JSON.stringify({ AccountName: user, AccountPassword: password }) });
const secrets = createSecretClient({ endpoints: [kms], precedence: 'code-only' });
const rotating = { secrets, secret, host, port };

/** @type {Record<string, () => { ours: Contender; reference: Contender }>} */
const drivers = {
  pg: () => ({
    ours: pgContender(rotatingPg({ ...rotating, database: 'postgres' })),
    reference: pgContender(new pg.Pool({ host, port, database: 'postgres', user, password })),
  }),
  mysql2: () => ({
    ours: mysqlContender(rotatingMysql2({ ...rotating, database: 'app' }).promise()),
    reference: mysqlContender(mysql.createPool({ host, port, database: 'app', user, password }).promise()),
  }),
  mariadb: () => ({
    ours: mariadbContender(rotatingMariadb({ ...rotating, database: 'app', connectionLimit: 1 })),
    reference: mariadbContender(
      mariadb.createPool({ host, port, database: 'app', user, password, connectionLimit: 1 }),
    ),
  }),
};

/** @param {pg.Pool} pool @returns {Contender} */
function pgContender(pool) {
  return {
    query: () => pool.query('SELECT 1'),
    async connect() {
      const client = await pool.connect();
      client.release(true);
    },
    close: () => pool.end(),
  };
}

/** @param {import('mysql2/promise').Pool} pool @returns {Contender} */
function mysqlContender(pool) {
  return {
    query: () => pool.query('SELECT 1'),
    async connect() {
      const connection = await pool.getConnection();
      connection.destroy();
    },
    close: () => pool.end(),
  };
}

/** @param {import('mariadb').Pool} pool @returns {Contender} */
function mariadbContender(pool) {
  return {
    query: () => pool.query('SELECT 1'),
    async connect() {
      const connection = await pool.getConnection();
      connection.destroy();
    },
    close: () => pool.end(),
  };
}

/**
 * The medians of each round, in microseconds. The contenders take turns with every call, and medians are used: the load of the machine
 * changes within a round.
 * @param {(contender: Contender) => Promise<unknown>} action
 * @param {{ rounds: number; times: number }} size
 */
async function inTurns(action, { rounds: count, times }) {
  /** @type {{ ours: number[]; reference: number[] }} */
  const medians = { ours: [], reference: [] };
  for (let round = 0; round < count; round += 1) {
    /** @type {{ ours: number[]; reference: number[] }} */
    const samples = { ours: [], reference: [] };
    for (let done = 0; done < times; done += 1) {
      if (done % 2 === 0) samples.ours.push(await duration(action, contenders.ours));
      samples.reference.push(await duration(action, contenders.reference));
      if (done % 2 === 1) samples.ours.push(await duration(action, contenders.ours));
    }
    medians.ours.push(median(samples.ours));
    medians.reference.push(median(samples.reference));
  }
  return medians;
}

/** @param {(contender: Contender) => Promise<unknown>} action @param {Contender} contender */
async function duration(action, contender) {
  const startedAt = performance.now();
  await action(contender);
  return (performance.now() - startedAt) * 1_000;
}

const open = drivers[driver];
if (open === undefined) throw new Error(`There is no driver ${driver}.`);
const contenders = open();
const connect = (/** @type {Contender} */ contender) => contender.connect();
const query = (/** @type {Contender} */ contender) => contender.query();
// Does not count: V8 optimizes the functions during the first thousands of calls.
await inTurns(query, { rounds: 2, times: queries });
await inTurns(connect, { rounds: 1, times: connections });
const results = {
  connect: await inTurns(connect, { rounds, times: connections }),
  query: await inTurns(query, { rounds, times: queries }),
};
await Promise.all([contenders.ours.close(), contenders.reference.close(), secrets.close()]);
console.log(JSON.stringify(results));
