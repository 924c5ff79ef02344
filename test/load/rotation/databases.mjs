// @ts-check
import { Postgres } from '../../../scripts/demo/postgres.mjs';
import { startMariaDb } from '../../support/mariadb-server.mjs';

/**
 * A database server for pools under load.
 * @typedef {object} Database
 * @property {number} port
 * @property {(user: string, password: string) => void} createAccount
 * @property {(user: string, password: string) => void} changePassword
 * @property {() => Promise<void>} stop
 */

/** @type {Readonly<Record<'postgres' | 'mariadb', () => Promise<Database>>>} */
export const databases = {
  async postgres() {
    const server = new Postgres();
    await server.start();
    return {
      port: server.port,
      createAccount: (user, password) => server.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`),
      changePassword: (user, password) => server.query(`ALTER ROLE ${user} PASSWORD '${password}'`),
      stop: () => server.stop(),
    };
  },

  async mariadb() {
    const server = await startMariaDb();
    server.query('CREATE DATABASE app');
    return {
      port: server.port,
      createAccount: (user, password) =>
        server.query(`CREATE USER ${user} IDENTIFIED BY '${password}'; GRANT ALL ON app.* TO ${user}`),
      changePassword: (user, password) => server.query(`ALTER USER ${user} IDENTIFIED BY '${password}'`),
      stop: () => server.stop(),
    };
  },
};
