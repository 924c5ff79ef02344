import type { Knex, knex } from 'knex';
import { optionsError } from './options.ts';
import { unsupportedDriver } from './unsupported-driver.ts';

/** A pool of `rotatingPool()`, from the entry point `/pg` or `/mysql2`. */
export type RotatingKnexPool = PgPool | Mysql2Pool;

interface PgPool {
  connect(): Promise<unknown>;
  end(): Promise<void>;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

interface Mysql2Pool {
  getConnection(connected: never): void;
  end(ended?: (error: Error | null) => void): void;
}

/** The options of `knex`, with a rotating pool in place of its own. */
export type RotatingKnexOptions = Omit<
  Knex.Config,
  'connection' | 'connectionPool' | 'pool' | 'acquireConnectionTimeout' | 'searchPath'
> & {
  readonly client: 'pg' | 'mysql2';
  readonly connectionPool: RotatingKnexPool;
};

const ofPool = 'has no effect on a pool that knex did not create; set it in the options of rotatingPool()';

/** What the pools of the dialects have. */
const methods: ReadonlyMap<unknown, string> = new Map([
  ['pg', 'connect'],
  ['mysql2', 'getConnection'],
]);

/** What knex refuses or ignores next to `connectionPool`. */
const refused: Readonly<Record<string, string>> = {
  connection: 'comes from the pool; remove it',
  pool: ofPool,
  acquireConnectionTimeout: ofPool,
  searchPath:
    "has no effect on a pool that knex did not create; set options: '-c search_path=…' in those of rotatingPool()",
};

/** `create` is the function of the library. */
export function createRotatingKnex(create: typeof knex, options: RotatingKnexOptions): Knex {
  const { client, connectionPool } = options;
  const expected = methods.get(client);
  const problems = [
    expected === undefined && "client: expected 'pg' or 'mysql2'",
    expected !== undefined &&
      !isPool(connectionPool, expected) &&
      `connectionPool: expected the pool that rotatingPool() of @kms-secrets/databases/${String(client)} returns`,
    ...Object.entries(refused).map(([key, advice]) => key in options && `${key}: ${advice}`),
  ];
  const error = optionsError('rotatingKnex', problems);
  if (error !== undefined) throw error;
  const db = create(options as Knex.Config);
  const library = db.client as KnexClient;
  if (!('initializeExternalPool' in library)) throw unsupportedDriver('knex', '^3.3.0');
  const destroy = library.destroy.bind(library);
  library.destroy = async (done) => {
    await end(connectionPool);
    await destroy(done);
  };
  return db;
}

/** The part of `knex.client` that is used. */
interface KnexClient {
  destroy(done?: (error?: unknown) => void): Promise<void>;
}

function isPool(pool: unknown, method: string): boolean {
  return typeof pool === 'object' && pool !== null && method in pool && 'end' in pool;
}

async function end(pool: RotatingKnexPool): Promise<void> {
  if ('connect' in pool) return pool.end();
  return new Promise((resolve, reject) => {
    pool.end((error) => (error ? reject(error) : resolve()));
  });
}
