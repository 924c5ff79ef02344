// @ts-check
// One process with a pool for the database of a secret, under a steady load of queries.
import { readTask, serve } from '../../support/processes.mjs';
import { createClient } from '../clients.mjs';
import { PacedQueries } from './paced-queries.mjs';
import { pools } from './pools.mjs';

/** @typedef {import('../clients.mjs').ClientTask & { pool: string; port: number; patience: number; size: number; maxUses: number }} MemberTask */

/** @type {MemberTask} */
const task = readTask();
const [secret = ''] = task.names;
const secrets = createClient(task);
const pool = await pools[task.pool]?.open({ ...task, secret, secrets });
if (pool === undefined) throw new Error(`There is no pool ${task.pool}.`);
await pool.query();
/** @type {PacedQueries | undefined} */
let queries;
/** @type {import('./pools.mjs').OpenConnection | undefined} */
let transaction;

const commands = {
  /** @param {{ rate: number }} details */
  start({ rate }) {
    queries = new PacedQueries(pool.query, rate);
  },
  counts: () => queries?.counts,
  stop: () => queries?.stop(),
  version: () => secrets.peek(secret)?.versionId,
  async begin() {
    transaction = await pool.connect?.();
    await transaction?.query('BEGIN');
  },
  async commit() {
    if (transaction === undefined) throw new Error('There is no transaction.');
    await transaction.query('SELECT 1');
    await transaction.query('COMMIT');
    await transaction.release();
  },
};

serve(
  'ready',
  ({ command, ...details }) => commands[/** @type {keyof typeof commands} */ (command)](details),
  async () => {
    await pool.close();
    await secrets.close();
  },
);
