import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Account } from './account.ts';

/** Where a Redis server is. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly family?: number | undefined;
  /** The path of a Unix socket, instead of host and port. */
  readonly path?: string | undefined;
  readonly tls?: TlsOptions | undefined;
}

/** The connection to the server failed, or ended before the reply. */
export class ConnectionLost extends Error {
  readonly reason: Error | undefined;

  constructor(reason?: Error) {
    super('Connection is closed.');
    this.reason = reason;
  }
}

export interface Authentication {
  readonly account: Account;
  /** How long the connection and each part of the reply may take (ms). */
  readonly timeout: number;
  /** The class of the errors that the server sends. */
  readonly ReplyError: new (message: string) => Error;
}

/** More than the longest error of Redis. */
const maxReplyLength = 4_096;

export function openRedisSocket({ host, port, family, path, tls }: RedisServer): Socket {
  const server = path === undefined ? { host, port, ...(family !== undefined && { family }) } : { path };
  return tls === undefined ? connect(server) : connectTls({ ...server, ...tls });
}

/** Logs in on a new connection. Rejects with the error of the server, or with `ConnectionLost`. */
export function authenticate(socket: Socket, { account, timeout, ReplyError }: Authentication): Promise<void> {
  return new Promise((resolve, reject) => {
    let reply = '';
    const end = (error?: Error): void => {
      socket.off('data', onData).off('error', onError).off('close', onClose).off('timeout', onTimeout).setTimeout(0);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onData = (data: Buffer): void => {
      reply += data.toString('latin1');
      const line = /^(?<status>[+-])(?<text>[^\r]*)\r\n/u.exec(reply)?.groups;
      if (line !== undefined) end(line['status'] === '+' ? undefined : new ReplyError(line['text'] ?? ''));
      else if (reply.length > maxReplyLength) end(new ReplyError('The reply to AUTH is not that of a Redis server.'));
    };
    const onError = (error: Error): void => end(new ConnectionLost(error));
    const onClose = (): void => end(new ConnectionLost());
    const onTimeout = (): void => {
      end(new ConnectionLost(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'connect' })));
    };
    socket.on('data', onData).on('error', onError).on('close', onClose).on('timeout', onTimeout).setTimeout(timeout);
    socket.write(commandOf(['AUTH', account.user, account.password])); // sent when the connection is open
  });
}

function commandOf(words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}
