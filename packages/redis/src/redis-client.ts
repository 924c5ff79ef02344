import { ConnectionError } from './redis-error.ts';
import { errorCode } from '@kms-secrets/core';

/** An argument of a Redis command. */
export type RedisArgument = string | Buffer | number;

/** The part of an ioredis or iovalkey client that the store uses. Instances of `Redis`, `Valkey` and `Cluster` have it. */
export interface RedisClient {
  readonly status: string;
  connect(): Promise<void>;
  /** With `true`, connects again. */
  disconnect(isReconnecting?: boolean): void;
  /** Creates a second client with the same options: a subscribed connection accepts no other commands. */
  duplicate(): RedisClient;
  /** Runs a command and returns binary replies as `Buffer`. */
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/**
 * Runs a command and returns binary replies as `Buffer`, by the method of the command, such as `setBuffer`. With the option
 * `enableAutoPipelining`, `callBuffer` of ioredis and iovalkey loses the name of the command.
 */
export function runCommand(client: RedisClient, command: string, args: readonly RedisArgument[]): Promise<unknown> {
  const method: unknown = Reflect.get(client, bufferMethod(command));
  if (typeof method !== 'function') return client.callBuffer(command, ...args);
  return Reflect.apply(method, client, args) as Promise<unknown>; // as callBuffer does
}

const bufferMethods = new Map<string, string>();

/** The name of the method that runs a command and returns binary replies. There are about ten commands. */
function bufferMethod(command: string): string {
  const known = bufferMethods.get(command);
  if (known !== undefined) return known;
  const method = `${command.toLowerCase()}Buffer`;
  bufferMethods.set(command, method);
  return method;
}

/** Fail fast, reconnect in the background, and never queue commands. */
const clientOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 5_000,
  retryStrategy: (attempt: number): number => Math.min(2_000, 50 * 2 ** Math.min(attempt, 10)),
};

/** Creates a client with ioredis, or with iovalkey if only that is installed. `ca`: PEM text. */
export async function createClient(url: string, ca: string | undefined): Promise<RedisClient> {
  const options = ca === undefined ? clientOptions : { ...clientOptions, tls: { ca } };
  try {
    const { Redis } = await import('ioredis');
    return unrefConnections(new Redis(url, options));
  } catch (error) {
    if (!isModuleMissing(error)) throw error;
  }
  try {
    const { Redis } = await import('iovalkey');
    return unrefConnections(new Redis(url, options));
  } catch (error) {
    if (!isModuleMissing(error)) throw error;
    throw new ConnectionError('the option url needs ioredis or iovalkey, and neither is installed');
  }
}

/**
 * Stops a client from keeping the process alive, by its connection or its reconnect timer. A pending command still does, by
 * the timer of its timeout.
 */
export function unrefConnections<Client extends RedisClient>(client: Client): Client {
  client.on('connect', () => unref(client, 'stream'));
  client.on('reconnecting', () => unref(client, 'reconnectTimeout'));
  return client;
}

/** Does nothing if the property is missing, as on a cluster. */
function unref(client: object, property: string): void {
  const handle: unknown = Reflect.get(client, property);
  if (typeof handle !== 'object' || handle === null) return;
  if ('unref' in handle && typeof handle.unref === 'function') handle.unref();
}

/** ESM and CommonJS have different codes; Jest and the CommonJS output of bundlers have the second one. */
export function isModuleMissing(error: unknown): boolean {
  return ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(errorCode(error) ?? '');
}
