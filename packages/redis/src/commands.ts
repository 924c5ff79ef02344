import { randomBytes } from 'node:crypto';
import { isError } from '@kms-secrets/core';
import type { StoreLease } from '@kms-secrets/core';
import type { Connection } from './connection.ts';
import type { RedisArgument } from './redis-client.ts';
import { releaseScript } from './scripts.ts';
import type { Script } from './scripts.ts';

/** The commands of a store, each on one key. */
export class Commands {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Runs a command whose first argument is the key. */
  send(key: string, command: string, ...args: readonly RedisArgument[]): Promise<unknown> {
    return this.#connection.send({ key, name: command, args: [key, ...args] });
  }

  /** By its hash; sends the text only if Redis does not have the script, such as after a restart. */
  async runScript(script: Script, key: string, args: readonly RedisArgument[]): Promise<unknown> {
    try {
      return await this.#connection.send({ key, name: 'EVALSHA', args: [script.sha1, 1, key, ...args] });
    } catch (error) {
      if (!isError(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.#connection.send({ key, name: 'EVAL', args: [script.text, 1, key, ...args] });
    }
  }

  /** Resolves to `undefined` while another process holds the lease. */
  async lease(key: string, ms: number): Promise<StoreLease | undefined> {
    const token = randomBytes(12).toString('base64url');
    const reply = await this.send(key, 'SET', token, 'NX', 'PX', Math.max(1, Math.ceil(ms)));
    if (reply === null) return undefined;
    return {
      release: async () => {
        // If this fails, the lease expires.
        await this.runScript(releaseScript, key, [token]).catch(() => {});
      },
    };
  }
}
