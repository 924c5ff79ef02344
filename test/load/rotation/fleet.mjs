// @ts-check
// Processes with pools under load, whose database and KMS rotate their account.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFakeKms } from '@kms-secrets/testing';
import { start } from '../../support/processes.mjs';
import { openStorage } from '../stores.mjs';
import { databases } from './databases.mjs';
import { pools } from './pools.mjs';

/**
 * `gap`: milliseconds between the change in the database and the new version in KMS.
 * @typedef {object} FleetTask
 * @property {string} pool a key of `pools`
 * @property {'SingleUser' | 'DoubleUsers'} mode
 * @property {number} gap
 * @property {number} [processes]
 * @property {number} [rate] queries per second of all processes together
 * @property {string} [stores] a key of `storeOptions`
 * @property {number} [size] connections of a pool
 * @property {number} [patience] of a pool; default: 10 s
 * @property {import('@kms-secrets/core').SecretClientOptions} [options]
 */
/** @typedef {import('./paced-queries.mjs').QueryCounts & { requests: number; gaps: readonly number[] }} FleetResult */

const name = 'shop/orders-db';
const region = 'cn-hangzhou';
const user = 'orders';
const maxUses = 20;
/** Milliseconds; longer than any run. */
const processTimeout = 600_000;
const versionTimeout = 120_000;
const member = new URL('member.mjs', import.meta.url);

/** A database, a fake KMS and processes with pools. */
export class Fleet {
  /** @type {import('@kms-secrets/testing').FakeKms} */
  kms;
  #database;
  #storage;
  /** @type {import('../../support/processes.mjs').Worker[]} */
  #members;
  /** The gaps as measured: a busy machine makes them longer. @type {number[]} */
  #gaps = [];

  /**
   * @param {{ kms: import('@kms-secrets/testing').FakeKms; database: import('./databases.mjs').Database;
   *   storage: { close: () => Promise<unknown> }; members: import('../../support/processes.mjs').Worker[] }} parts
   * @param {Pick<FleetTask, 'gap'>} task
   */
  constructor({ kms, database, storage, members }, { gap }) {
    this.kms = kms;
    this.#database = database;
    this.#storage = storage;
    this.#members = members;
    kms.onRotate(
      name,
      ({ accountName = user, accountPassword = '' }) => {
        database.changePassword(accountName, accountPassword);
        this.#gaps.push(performance.now());
      },
      { gap },
    );
  }

  /** @param {FleetTask} task @returns {Promise<Fleet>} */
  static async open(task) {
    const { pool, mode, processes = 1, rate = 500, stores = 'none', size = 10, patience = 10_000, options = {} } = task;
    const database = await databases[pools[pool]?.database ?? 'postgres']();
    const kms = await startFakeKms({ regions: [region] });
    const storage = await openStorage(stores);
    const password = `s3cret-${randomUUID()}`;
    database.createAccount(user, password);
    database.createAccount(`${user}_clone`, `s3cret-${randomUUID()}`);
    const value = JSON.stringify({ AccountName: user, AccountPassword: password });
    kms.put(name, value, { type: 'Rds', extendedConfig: { SecretSubType: mode } });
    const memberTask = {
      kms: {
        endpoints: kms.endpoints.map(({ endpoint }) => endpoint),
        caFilePath: kms.caFilePath,
        accessKey: kms.accessKey,
      },
      endpoints: 1,
      names: [name],
      stores,
      location: storage.location,
      options,
      pool,
      port: database.port,
      size,
      patience,
      maxUses,
    };
    const members = [];
    for (let index = 0; index < processes; index += 1) {
      members.push(await start(member, memberTask, { timeout: processTimeout }));
    }
    const fleet = new Fleet({ kms, database, storage, members }, task);
    await fleet.#ask({ command: 'start', rate: rate / processes });
    await fleet.queries(100);
    kms.clearRequests();
    return fleet;
  }

  /** Rotates the secret, and waits until every process has the new version. */
  async rotate() {
    const versionId = await this.change();
    await this.arrival(versionId);
  }

  /** Rotates the secret. Returns the id of the new version. */
  async change() {
    const versionId = await this.kms.rotateManaged(name);
    const changedAt = this.#gaps.pop() ?? Number.NaN;
    this.#gaps.push(performance.now() - changedAt);
    return versionId;
  }

  /** Waits until every process has a version. @param {string} versionId */
  async arrival(versionId) {
    await until(`version ${versionId}`, async () => {
      const versions = await this.#ask({ command: 'version' });
      return versions.every((version) => version === versionId);
    });
  }

  /** Waits until every process has completed `count` more queries. @param {number} count */
  async queries(count) {
    const completed = async () =>
      (await this.#ask({ command: 'counts' })).map(({ succeeded, failed }) => succeeded + failed);
    const before = await completed();
    await until(`${count} queries`, async () => {
      const now = await completed();
      return now.every((total, index) => total - (before[index] ?? 0) >= count);
    });
  }

  /** Starts a transaction in each process. */
  async begin() {
    await this.#ask({ command: 'begin' });
  }

  async commit() {
    await this.#ask({ command: 'commit' });
  }

  async stopKms() {
    await this.kms.stop(region);
  }

  async startKms() {
    await this.kms.start(region);
  }

  /** Ends the queries. @returns {Promise<FleetResult>} */
  async result() {
    /** @type {readonly import('./paced-queries.mjs').QueryCounts[]} */
    const all = await this.#ask({ command: 'stop' });
    /** @type {Record<string, number>} */
    const codes = {};
    for (const [code, count] of all.flatMap((each) => Object.entries(each.codes)))
      codes[code] = (codes[code] ?? 0) + count;
    return {
      succeeded: all.reduce((sum, { succeeded }) => sum + succeeded, 0),
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
      codes,
      message: all.find(({ message }) => message !== undefined)?.message,
      slowest: Math.max(...all.map(({ slowest }) => slowest)),
      requests: this.kms.requests.length,
      gaps: this.#gaps,
    };
  }

  async close() {
    await Promise.all(this.#members.map((process) => process.stop()));
    await Promise.all([this.kms.close(), this.#database.stop(), this.#storage.close()]);
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /** @param {unknown} message @returns {Promise<any[]>} */
  #ask(message) {
    return Promise.all(this.#members.map((process) => process.request(message)));
  }
}

/**
 * @param {string} what
 * @param {() => Promise<boolean>} isDone
 */
async function until(what, isDone) {
  const startedAt = performance.now();
  while (!(await isDone())) {
    if (performance.now() - startedAt > versionTimeout) throw new Error(`No ${what} within ${versionTimeout} ms.`);
    await sleep(20);
  }
}
