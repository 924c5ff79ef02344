import { ConnectionLost } from './store-failure.ts';

/** An argument of a command. */
export type RedisArgument = string | Buffer | number;

/** What is used of a client of ioredis or iovalkey: an instance of `Redis`, `Valkey` or `Cluster`. */
export interface RedisClient {
  readonly status: string;
  connect(): Promise<void>;
  disconnect(): void;
  /** The same once more: a connection that is subscribed takes no other commands. */
  duplicate(): RedisClient;
  /** Answers with a `Buffer` where the other side answers with text: what is sealed is no text. */
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** How a client of ours is made: it fails fast, comes back by itself, and keeps no commands for later. */
const ourOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 5_000,
  retryStrategy: (tries: number): number => Math.min(2_000, 50 * 2 ** Math.min(tries, 10)),
};

/** By ioredis, or by iovalkey where that is what is installed. */
export async function connectTo(url: string): Promise<RedisClient> {
  try {
    const { Redis } = await import('ioredis');
    return lettingGo(new Redis(url, ourOptions));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    const { Redis } = await import('iovalkey');
    return lettingGo(new Redis(url, ourOptions));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new ConnectionLost('a url needs a client, and neither ioredis nor iovalkey is installed');
  }
}

/**
 * Of a client of ours: its open connection, and its wait for the next try to connect, keep no process alive. Whoever waits for an
 * answer has a timer that does.
 */
export function lettingGo<Client extends RedisClient>(client: Client): Client {
  client.on('connect', () => unref(client, 'stream'));
  client.on('reconnecting', () => unref(client, 'reconnectTimeout'));
  return client;
}

/** A cluster has neither, and a client of another kind may not. */
function unref(client: object, name: string): void {
  const held: unknown = Reflect.get(client, name);
  if (typeof held === 'object' && held !== null && 'unref' in held && typeof held.unref === 'function') held.unref();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
