// @ts-check
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startFakeKms } from '@kms-secrets/testing';
import { formatCount, formatSeconds } from '../output.mjs';
import { Postgres } from '../postgres.mjs';
import { Program } from '../program.mjs';
import { root } from '../root.mjs';
import { assert } from '../step.mjs';

const name = 'shop/orders-db';
/** Milliseconds between the change in the database and the new version in KMS: in between, no version is valid. */
const gap = 300;
const pause = 1_000;

/** @typedef {{ succeeded: number; failed: number; slowest: number; failure?: string }} Queries */

/** @type {import('../step.mjs').Step} */
export const database = {
  title: 'Database: the password and the account of a PostgreSQL change; no query fails',

  async run({ output, signal, adopt }) {
    if (!Postgres.isInstalled) {
      return 'Database: not shown, because PostgreSQL is not installed (apt-get install postgresql)';
    }
    const postgres = new Postgres();
    try {
      await postgres.start();
      /** @type {Queries[]} */
      const results = [];
      for (const mode of /** @type {const} */ (['SingleUser', 'DoubleUsers'])) {
        results.push(await rotateUnderLoad({ mode, postgres, output, signal, adopt }));
      }
      const total = results.reduce((sum, { succeeded }) => sum + succeeded, 0);
      const slowest = Math.max(...results.map((result) => result.slowest));
      return `Database: 0 of ${formatCount(total)} queries failed in five rotations, the slowest took ${formatSeconds(slowest)}`;
    } finally {
      await postgres.stop();
    }
  },
};

/**
 * @param {Pick<import('../step.mjs').Context, 'output' | 'signal' | 'adopt'> & { mode: 'SingleUser' | 'DoubleUsers'; postgres: Postgres }} options
 * @returns {Promise<Queries>}
 */
async function rotateUnderLoad({ mode, postgres, output, signal, adopt }) {
  const kms = await startFakeKms();
  const directory = mkdtempSync(join(tmpdir(), 'kms-secrets-demo-database-'));
  const user = mode === 'SingleUser' ? 'shop' : 'orders';
  try {
    const password = newPassword();
    postgres.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'; CREATE ROLE ${user}_clone LOGIN;`);
    const value = JSON.stringify({ AccountName: user, AccountPassword: password });
    kms.put(name, value, { type: 'Rds', extendedConfig: { SecretSubType: mode } });
    const change = (/** @type {string | undefined} */ account, /** @type {string | undefined} */ next) =>
      postgres.query(`ALTER ROLE ${account ?? user} PASSWORD '${next ?? ''}';`);
    kms.onRotate(name, ({ accountName, accountPassword }) => change(accountName, accountPassword), { gap });
    kms.writeProperties(join(directory, 'secretsmanager.properties'));
    const service = new Program({
      name: `service with a pool, ${mode}`,
      program: join(root, 'scripts/demo/database-service.mjs'),
      args: [String(postgres.port), name],
      cwd: directory,
      env: { TMPDIR: directory },
    });
    adopt(service);
    try {
      await service.line(/^(ready)$/u, signal);
      for (let rotation = 1; rotation <= 2; rotation += 1) {
        await setTimeout(pause, undefined, { signal });
        await kms.rotateManaged(name);
      }
      if (mode === 'SingleUser') {
        await setTimeout(pause, undefined, { signal });
        const next = newPassword();
        change(user, next);
        output.detail('an operator changes the password by hand, then writes it to KMS');
        await setTimeout(gap, undefined, { signal });
        kms.put(name, JSON.stringify({ AccountName: user, AccountPassword: next }));
      }
      await setTimeout(2 * pause, undefined, { signal });
    } finally {
      await service.stop();
    }
    const queries = queriesOf(service);
    const requests = kms.requests.length;
    output.detail(
      `${mode}: ${formatCount(queries.succeeded)} queries, ${queries.failed} failed, slowest ${formatSeconds(queries.slowest)}, ${requests} requests to KMS`,
    );
    assert(queries.failed === 0, `${queries.failed} queries failed: ${queries.failure}`);
    return queries;
  } finally {
    await kms.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function newPassword() {
  return `s3cret-${randomUUID()}`;
}

/**
 * @param {Program} service
 * @returns {Queries}
 */
function queriesOf({ lines }) {
  const printed = lines.find((line) => line.startsWith('queries '));
  assert(printed !== undefined, `The service printed no result:\n${lines.join('\n')}`);
  return JSON.parse(printed.slice('queries '.length));
}
