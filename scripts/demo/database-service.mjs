// @ts-check
// A service with a database: queries from 20 workers over a pool that follows a secret. Its database is in the arguments, its KMS in
// secretsmanager.properties. On SIGTERM it prints the number of queries and ends.
import { createSecretClient } from '@kms-secrets/core';
import { rotatingPool } from '@kms-secrets/databases/pg';

const [port = '', secret = ''] = process.argv.slice(2);
const secrets = createSecretClient();
// `maxUses` replaces connections often, as a pool under changing load does.
const pool = rotatingPool({
  secrets,
  secret,
  host: '127.0.0.1',
  port: Number(port),
  database: 'postgres',
  max: 10,
  maxUses: 50,
});
pool.on('error', () => {}); // an idle connection that the database closes

/** @type {{ succeeded: number; failed: number; slowest: number; failure?: string }} */
const queries = { succeeded: 0, failed: 0, slowest: 0 };
const stopping = new AbortController();

async function work() {
  while (!stopping.signal.aborted) {
    const startedAt = performance.now();
    try {
      await pool.query('SELECT 1');
      queries.succeeded += 1;
    } catch (error) {
      queries.failed += 1;
      queries.failure ??= String(error);
    }
    queries.slowest = Math.max(queries.slowest, performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await pool.query('SELECT 1');
console.log('ready');
const workers = Promise.all(Array.from({ length: 20 }, work));
process.once('SIGTERM', async () => {
  stopping.abort();
  await workers;
  await pool.end();
  await secrets.close();
  console.log(`queries ${JSON.stringify(queries)}`);
});
