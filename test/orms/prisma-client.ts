import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PrismaPg } from '@prisma/adapter-pg';

/** The part of the generated client that the tests use. */
export interface OrdersClient {
  readonly order: { count(): Promise<number> };
  $transaction(run: (transaction: OrdersClient) => Promise<number>): Promise<number>;
  $disconnect(): Promise<void>;
}

export interface PrismaOptions {
  readonly adapter: PrismaPg;
  /** Milliseconds: the wait for a connection, and the duration of a transaction. */
  readonly transactionOptions: { readonly maxWait: number; readonly timeout: number };
}

const require = createRequire(import.meta.url);
const environment = {
  CHECKPOINT_DISABLE: '1',
  // Otherwise the command downloads the program for migrations, which it does not run.
  PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
};

/** Generates the client of schema.prisma, as `prisma generate` does. */
export async function generatePrismaClient(): Promise<new (options: PrismaOptions) => OrdersClient> {
  const args = [require.resolve('prisma/build/index.js'), 'generate', '--schema', 'schema.prisma'];
  const options = { cwd: import.meta.dirname, env: { ...process.env, ...environment } };
  await promisify(execFile)(process.execPath, args, options);
  const folder = join(import.meta.dirname, 'node_modules/.prisma-orders');
  return (require(folder) as { PrismaClient: new (given: PrismaOptions) => OrdersClient }).PrismaClient;
}
