import type { AbstractConnector, Redis, RedisOptions } from 'ioredis';
import { splitOptions } from './options.ts';
import type { ResolvedRotation, RotationOptions } from './options.ts';
import { RedisConnection } from './redis-connection.ts';
import { isLoggedOut } from './redis-rejections.ts';
import { unsupportedDriver } from './unsupported-driver.ts';

/** Options of `Redis`, without those that the secret provides. Host and port default to those that KMS has for the secret. */
export type RotatingRedisOptions = RotationOptions &
  Omit<RedisOptions, 'username' | 'password' | 'Connector' | 'sentinels'>;

/** The part of the driver that is used: the tests also pass that of the oldest supported version. */
export interface IoredisDriver {
  readonly Redis: new (options: RedisOptions) => Redis;
  readonly AbstractConnector: typeof AbstractConnector;
  readonly ReplyError: new (message: string) => Error;
}

type Stream = Awaited<ReturnType<AbstractConnector['connect']>>;

const fromSecret = 'comes from the secret; remove it';
const noCluster = 'clusters are not supported; use the proxy endpoint of the instance';

export function createRotatingRedis(driver: IoredisDriver, options: RotatingRedisOptions): Redis {
  const methods: object = driver.Redis.prototype as object;
  if (!('mode' in methods && 'recoverFromFatalError' in methods))
    throw unsupportedDriver('ioredis', '^5.4.0 || ^6.0.0');
  const { rotation, driver: config } = splitOptions(
    options,
    {
      username: fromSecret,
      password: fromSecret,
      Connector: 'logs in with the account of the secret; remove it',
      sentinels: 'are not supported; set host and port',
      redisOptions: noCluster,
      clusterRetryStrategy: noCluster,
    },
    'rotatingRedis',
  );
  return new RotatingClients(driver, rotation, config).create();
}

/** A client and its duplicates. */
class RotatingClients {
  readonly #driver: IoredisDriver;
  readonly #options: RedisOptions;
  /** By the options of the client. */
  readonly #connections = new WeakMap<object, RedisConnection>();

  constructor(driver: IoredisDriver, rotation: ResolvedRotation, options: RedisOptions) {
    this.#driver = driver;
    const connections = this.#connections;
    const { reconnectOnError } = options;
    this.#options = {
      ...options,
      Connector: connectorOf(driver, (ofClient) => {
        const connection = new RedisConnection({
          rotation,
          ReplyError: driver.ReplyError,
          server: { host: options.host, port: options.port },
          options: ofClient,
        });
        connections.set(ofClient, connection);
        return connection;
      }),
      // Its `this` are the options of the client.
      reconnectOnError(this: object, error) {
        const isOurs = isLoggedOut(error) && connections.get(this)?.loggedOut();
        return isOurs || (reconnectOnError?.(error) ?? false);
      },
    };
  }

  create(): Redis {
    return this.#follow(new this.#driver.Redis(this.#options));
  }

  #follow(redis: Redis): Redis {
    const connection = this.#connections.get(redis.options);
    if (connection === undefined) return redis; // a duplicate with another Connector
    connection.attach(redis);
    const sendCommand = redis.sendCommand.bind(redis);
    redis.sendCommand = (command, stream) => {
      connection.beforeCommand(command.name, stream === undefined);
      return sendCommand(command, stream);
    };
    const duplicate = redis.duplicate.bind(redis);
    redis.duplicate = (override) => this.#follow(duplicate(override));
    return redis;
  }
}

/** The option `Connector`: `ioredis` creates one for each client, which opens the connections of the client. */
function connectorOf(
  driver: IoredisDriver,
  connectionOf: (options: RedisOptions) => RedisConnection,
): NonNullable<RedisOptions['Connector']> {
  class RotatingConnector extends driver.AbstractConnector {
    readonly #connection: RedisConnection;
    #opening = new AbortController();

    constructor(options: RedisOptions) {
      super(options.disconnectTimeout ?? 0);
      this.#connection = connectionOf(options);
    }

    async connect(): Promise<Stream> {
      this.connecting = true;
      this.#opening = new AbortController();
      const { socket, error } = await this.#connection.open(this.#opening.signal);
      if (error === undefined) delete this.firstError;
      else this.firstError = error; // the client emits it
      this.stream = socket;
      return socket;
    }

    override disconnect(): void {
      this.#opening.abort();
      this.connecting = false;
      // Before the first connection there is no stream. The timer of the driver would outlive one that is closed.
      const stream = this.stream as Stream | undefined;
      if (stream?.destroyed === false) super.disconnect();
    }
  }
  return RotatingConnector as NonNullable<RedisOptions['Connector']>;
}
