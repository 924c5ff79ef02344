import { onTestFinished } from 'vitest';
import type { RotationOptions } from './options.ts';
import { secretName } from './rotation.fixture.ts';

/** A database server, and a driver for it, as the tests that all drivers share use them. */
export interface DriverUnderTest {
  readonly database: DatabaseUnderTest;
  /** Creates a pool. The caller ends it. */
  readonly createPool: (options: PoolSettings) => PoolUnderTest;
  /** What the driver reports for a rejected account, a missing database, and a missing privilege. */
  readonly codes: { readonly rejected: string; readonly missingDatabase: string; readonly forbidden: string };
  /** A part of the message of a query after `end()`. */
  readonly ended: string;
}

export interface DatabaseUnderTest {
  readonly name: string;
  readonly port: () => number;
  /** Creates an account and returns its name. */
  readonly newAccount: (password: string) => Promise<string>;
  readonly changePassword: (account: string, password: string) => Promise<void>;
  /** Selects the user of the session as `name`. */
  readonly currentUser: string;
  /** A statement for which the accounts have no privilege. */
  readonly forbidden: string;
}

export interface PoolSettings extends RotationOptions {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  /** The largest number of connections. Default: 10. */
  readonly size?: number;
  /** Uses after which a connection is closed. */
  readonly maxUses?: number;
}

export interface PoolUnderTest {
  /** The pool of the driver. */
  readonly pool: unknown;
  query(sql: string): Promise<unknown>;
  connect(): Promise<ConnectionUnderTest>;
  /** The number of open connections, and how many of them are idle. */
  connections(): { readonly total: number; readonly idle: number };
  end(): Promise<void>;
}

export interface ConnectionUnderTest {
  readonly connection: unknown;
  query(sql: string): Promise<unknown>;
  release(): Promise<void> | void;
}

/** A pool on the server of the tests, which ends with the test. */
export function testPool(
  { createPool, database }: DriverUnderTest,
  options: Pick<PoolSettings, 'secrets'> & Partial<PoolSettings>,
): PoolUnderTest {
  const server = { host: '127.0.0.1', port: database.port(), database: database.name };
  const pool = createPool({ secret: secretName, ...server, ...options });
  onTestFinished(() => pool.end());
  return pool;
}
